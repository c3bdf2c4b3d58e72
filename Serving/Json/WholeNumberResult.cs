namespace Granary.Serving.Json;

/// <summary>What came of reading a whole number.</summary>
internal enum WholeNumberResult
{
    /// <summary>Read.</summary>
    Ok,

    /// <summary>Not a JSON number.</summary>
    Malformed,

    /// <summary>A number with a fraction, or NaN or an infinity.</summary>
    NotWhole,

    /// <summary>Whole, but outside the asked range.</summary>
    OutOfRange,
}
