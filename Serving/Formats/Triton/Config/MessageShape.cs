using System.Collections.Concurrent;
using System.Reflection;

namespace Granary.Serving.Formats.Triton.Config;

/// <summary>The fields of one message, read off its record once: the records are the schema, and four small codecs walk it.</summary>
internal sealed class MessageShape
{
    private static readonly ConcurrentDictionary<Type, MessageShape> Known = new();

    private readonly Type _type;
    private readonly Dictionary<string, FieldShape> _byName;
    private readonly Dictionary<string, FieldShape> _byJsonName;

    private MessageShape(Type type)
    {
        _type = type;
        Name = type.GetCustomAttribute<ProtoMessageAttribute>()!.Name;
        // Declaration order is the order of the JSON; what is computed has no setter.
        Fields = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(static property => property.CanWrite)
            .OrderBy(static property => property.MetadataToken)
            .Select(static property => new FieldShape(property))];
        _byName = Fields.ToDictionary(static field => field.Name, StringComparer.Ordinal);
        _byJsonName = Fields.ToDictionary(static field => field.JsonName, StringComparer.Ordinal);
    }

    /// <summary>Protobuf's full name.</summary>
    public string Name { get; }

    /// <summary>In the order of the .proto file.</summary>
    public IReadOnlyList<FieldShape> Fields { get; }

    /// <summary>The shape of a record.</summary>
    public static MessageShape Of(Type type) => Known.GetOrAdd(type, static type => new MessageShape(type));

    /// <summary>The field of that name; null when there is none.</summary>
    public FieldShape? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The field of that name, or of that name in lowerCamelCase as JSON allows.</summary>
    public FieldShape? FindJson(string name) => Find(name) ?? _byJsonName.GetValueOrDefault(name);

    /// <summary>A record with the given values; other fields have their defaults.</summary>
    public object Create(IReadOnlyDictionary<FieldShape, object> values)
    {
        var message = Activator.CreateInstance(_type)!;
        foreach (var (field, value) in values)
            field.Set(message, value);
        return message;
    }

    /// <summary>Words after the message of an unknown field: the nearest name, when one is near.</summary>
    public string Suggest(string name)
    {
        var best = Fields.MinBy(field => Distance(name, field.Name));
        return best is not null && Distance(name, best.Name) <= Math.Max(2, name.Length / 3) ? $" Did you mean \"{best.Name}\"?" : "";
    }

    private static int Distance(string left, string right)
    {
        if (left.Length > 64)
            return int.MaxValue;
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
