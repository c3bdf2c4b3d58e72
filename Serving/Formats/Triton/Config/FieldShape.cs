using System.Collections;
using System.Reflection;
using System.Text;

namespace Granary.Serving.Formats.Triton.Config;

/// <summary>How often a field may occur.</summary>
internal enum FieldLabel
{
    /// <summary>Once.</summary>
    Singular,

    /// <summary>Any number of times.</summary>
    Repeated,

    /// <summary>As entries with a key and a value.</summary>
    Map,
}

/// <summary>One field of a message.</summary>
internal sealed class FieldShape
{
    private readonly PropertyInfo _property;

    public FieldShape(PropertyInfo property)
    {
        _property = property;
        Name = SnakeCase(property.Name);
        JsonName = char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
        OneOf = property.GetCustomAttribute<OneOfAttribute>()?.Choice;
        IsJsonText = property.GetCustomAttribute<JsonTextAttribute>() is not null;
        var type = property.PropertyType;
        var generic = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        Label = generic == typeof(IReadOnlyList<>) ? FieldLabel.Repeated : generic == typeof(IReadOnlyDictionary<,>) ? FieldLabel.Map : FieldLabel.Singular;
        Key = Label == FieldLabel.Map ? ElementShape.Of(type.GenericTypeArguments[0]) : null;
        Element = ElementShape.Of(Label switch
        {
            FieldLabel.Repeated => type.GenericTypeArguments[0],
            FieldLabel.Map => type.GenericTypeArguments[1],
            _ => Nullable.GetUnderlyingType(type) ?? type,
        });
    }

    /// <summary><c>max_batch_size</c>.</summary>
    public string Name { get; }

    /// <summary><c>maxBatchSize</c>.</summary>
    public string JsonName { get; }

    /// <summary>The choice that it belongs to; null for none.</summary>
    public string? OneOf { get; }

    /// <summary>See <see cref="JsonTextAttribute"/>.</summary>
    public bool IsJsonText { get; }

    public FieldLabel Label { get; }

    /// <summary>Of a map.</summary>
    public ElementShape? Key { get; }

    public ElementShape Element { get; }

    /// <summary>Whether being absent differs from holding the default.</summary>
    public bool HasPresence => Label == FieldLabel.Singular && (OneOf is not null || Element.Kind == ElementKind.Message);

    public object? Get(object message) => _property.GetValue(message);

    /// <summary>Sets a value; lists come as <see cref="IReadOnlyList{T}"/> of object, maps as entries.</summary>
    public void Set(object message, object value) => _property.SetValue(message, value switch
    {
        List<object> items => MakeList(items),
        List<KeyValuePair<object, object>> entries => MakeMap(entries),
        _ => value,
    });

    /// <summary>Whether proto3 would leave it out: unset, or the default of a field without presence.</summary>
    public bool IsDefault(object? value) => value switch
    {
        null => true,
        ICollection collection when Label != FieldLabel.Singular => collection.Count == 0,
        _ => !HasPresence && value.Equals(Element.Default),
    };

    /// <summary><c>MaxBatchSize</c> to <c>max_batch_size</c>.</summary>
    public static string SnakeCase(string name)
    {
        var result = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsAsciiLetterUpper(c) && result.Length > 0)
                result.Append('_');
            result.Append(char.ToLowerInvariant(c));
        }

        return result.ToString();
    }

    private Array MakeList(List<object> items)
    {
        var array = Array.CreateInstance(Element.Type, items.Count);
        for (var i = 0; i < items.Count; i++)
            array.SetValue(items[i], i);
        return array;
    }

    private object MakeMap(List<KeyValuePair<object, object>> entries)
    {
        var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(Key!.Type, Element.Type))!;
        // As protobuf: of several entries with one key the last counts.
        foreach (var (key, value) in entries)
            map[key] = value;
        return map;
    }
}
