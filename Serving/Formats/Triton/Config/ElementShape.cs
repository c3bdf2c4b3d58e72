using System.Reflection;

namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Types of values.</summary>
internal enum ElementKind
{
    /// <summary>UTF-8 text.</summary>
    Text,

    /// <summary>True or false.</summary>
    Bool,

    /// <summary>A whole number.</summary>
    Whole,

    /// <summary>A floating-point number.</summary>
    Float,

    /// <summary>A name out of a few.</summary>
    Enum,

    /// <summary>Fields.</summary>
    Message,
}

/// <summary>The type of one value of a field.</summary>
internal sealed class ElementShape
{
    private readonly Dictionary<string, object> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<object, string> _names = [];

    private ElementShape(Type type)
    {
        Type = type;
        Kind = type == typeof(string) ? ElementKind.Text
            : type == typeof(bool) ? ElementKind.Bool
            : type == typeof(float) || type == typeof(double) ? ElementKind.Float
            : type.IsEnum ? ElementKind.Enum
            : type.IsPrimitive ? ElementKind.Whole
            : ElementKind.Message;
        Default = type == typeof(string) ? "" : type.IsValueType ? Activator.CreateInstance(type) : null;
        if (Kind == ElementKind.Enum)
            NameValues(type);
        (Minimum, Maximum) = type switch
        {
            _ when type == typeof(int) => (int.MinValue, int.MaxValue),
            _ when type == typeof(uint) => (0, uint.MaxValue),
            _ when type == typeof(long) => (long.MinValue, long.MaxValue),
            _ when type == typeof(ulong) => (0, ulong.MaxValue),
            _ => ((Int128)0, (Int128)0),
        };
    }

    public Type Type { get; }

    public ElementKind Kind { get; }

    /// <summary>Of a whole number.</summary>
    public Int128 Minimum { get; }

    /// <summary>Of a whole number.</summary>
    public Int128 Maximum { get; }

    public bool Is64Bits => Type == typeof(long) || Type == typeof(ulong);

    public object? Default { get; }

    /// <summary>Names of an enumeration, in order.</summary>
    public IEnumerable<string> Names => _names.Values;

    public MessageShape Message => MessageShape.Of(Type);

    public static ElementShape Of(Type type) => new(type);

    /// <summary>The value of a name; null when there is none.</summary>
    public object? FindValue(string name, StringComparison comparison = StringComparison.Ordinal) => comparison == StringComparison.Ordinal
        ? _byName.GetValueOrDefault(name)
        : _byName.FirstOrDefault(pair => pair.Key.Equals(name, comparison)).Value;

    /// <summary>The value of a number; null when there is none.</summary>
    public object? FindValue(Int128 number) => _names.Keys.FirstOrDefault(value => (int)value == number);

    public string NameOf(object value) => _names.TryGetValue(value, out var name) ? name : Convert.ToInt32(value, null).ToString(null, null);

    /// <summary>A whole number as the field's type; the caller checked the range.</summary>
    public object ToWhole(Int128 number) => Type switch
    {
        _ when Type == typeof(int) => (int)number,
        _ when Type == typeof(uint) => (uint)number,
        _ when Type == typeof(long) => (long)number,
        _ => (ulong)number,
    };

    /// <summary>A number as the field's type.</summary>
    public object ToFloat(double number) => Type == typeof(float) ? (object)(float)number : number;

    private void NameValues(Type type)
    {
        var prefix = type.GetCustomAttribute<ProtoEnumAttribute>()!.Prefix;
        foreach (var value in Enum.GetValues(type))
        {
            var name = prefix + FieldShape.SnakeCase(value.ToString()!).ToUpperInvariant();
            _byName[name] = value;
            _names[value] = name;
        }
    }
}
