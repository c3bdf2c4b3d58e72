namespace Granary.Serving.Json;

/// <summary>What kind of JSON value starts at a position.</summary>
public enum JsonKind
{
    /// <summary><c>{…}</c>.</summary>
    Object,

    /// <summary><c>[…]</c>.</summary>
    Array,

    /// <summary><c>"…"</c>.</summary>
    String,

    /// <summary>A number, or one of Python's literals NaN, Infinity and -Infinity.</summary>
    Number,

    /// <summary><c>true</c>.</summary>
    True,

    /// <summary><c>false</c>.</summary>
    False,

    /// <summary><c>null</c>.</summary>
    Null,
}
