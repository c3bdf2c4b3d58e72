using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet;

/// <summary>
/// <c>output_arithmetic</c> and <c>output_num_decimals</c> say how an ABI answer of generation 2.0 is packed; a JSON answer carries
/// numbers as they are.
/// </summary>
/// <param name="FixedPoint">Whether numbers are multiplied and cut; else they are IEEE bits.</param>
/// <param name="Decimals">Decimal places; null, and 0 as in the original, for 18.</param>
internal readonly record struct OutputOptions(bool FixedPoint, byte? Decimals)
{
    /// <summary>ieee.</summary>
    public static readonly OutputOptions Default;

    /// <summary>The power of ten that stands in the answer; in both arithmetics, as in the original.</summary>
    public int Scale => Decimals is null or 0 ? OnChain.FixedPoint.DefaultScale : Decimals.Value;

    /// <summary>Reads ieee, fixed_point, their numbers or null.</summary>
    public static bool ReadArithmetic(ref JsonCursor cursor) => cursor.PeekKind() switch
    {
        JsonKind.Null => !cursor.TryReadNull(),
        JsonKind.String => FromName(cursor.ReadText()),
        JsonKind.Number => cursor.ReadInt64() switch { 0 => false, 1 => true, _ => throw NoArithmetic() },
        _ => throw NoArithmetic(),
    };

    /// <summary>Reads 0 to 255 or null.</summary>
    public static byte? ReadDecimals(ref JsonCursor cursor)
    {
        if (cursor.TryReadNull())
            return null;
        var decimals = cursor.PeekKind() == JsonKind.Number ? cursor.ReadInt64() : -1;
        return decimals is >= 0 and <= byte.MaxValue
            ? (byte)decimals
            : throw new ServingException(ServingError.InvalidArgument, "output_num_decimals is no whole number from 0 to 255");
    }

    private static bool FromName(JsonString name)
    {
        if (name.Is("fixed_point"u8))
            return true;
        return name.Is("ieee"u8) ? false : throw NoArithmetic();
    }

    private static ServingException NoArithmetic() => new(ServingError.InvalidArgument, "output_arithmetic is neither \"ieee\" nor \"fixed_point\"");
}
