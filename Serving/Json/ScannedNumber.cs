namespace Granary.Serving.Json;

/// <summary>
/// A number in the text, taken apart: ±<see cref="Mantissa"/> × 10^<see cref="Exponent"/>, plus dropped digits when
/// <see cref="Truncated"/>.
/// </summary>
internal unsafe struct ScannedNumber
{
    /// <summary>The first 19 significant digits, or all of them.</summary>
    public ulong Mantissa;

    /// <summary>The decimal exponent of the last digit of <see cref="Mantissa"/>.</summary>
    public long Exponent;

    /// <summary>First byte in the text.</summary>
    public byte* Start;

    /// <summary>The byte after the last one in the text.</summary>
    public byte* End;

    /// <summary>Whether there is a minus sign.</summary>
    public bool Negative;

    /// <summary>Whether digits other than zero were dropped: the true magnitude lies strictly between this mantissa and the next.</summary>
    public bool Truncated;

    /// <summary>Digits or a literal.</summary>
    public NumberForm Form;

    /// <summary>The text of the number.</summary>
    public readonly ReadOnlySpan<byte> Text => new(Start, (int)(End - Start));
}
