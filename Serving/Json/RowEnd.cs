namespace Granary.Serving.Json;

/// <summary>Why reading a run of values stopped.</summary>
internal enum RowEnd
{
    /// <summary>The list's closing bracket was read.</summary>
    Closed,

    /// <summary>The destination is full and another value follows.</summary>
    Full,

    /// <summary>A list starts where a value could.</summary>
    List,
}
