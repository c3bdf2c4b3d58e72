namespace Granary.Serving.Json;

/// <summary>What a scanned number is.</summary>
internal enum NumberForm : byte
{
    /// <summary>Digits.</summary>
    Finite,

    /// <summary>The literal NaN.</summary>
    NaN,

    /// <summary>The literal Infinity or -Infinity.</summary>
    Infinity,
}
