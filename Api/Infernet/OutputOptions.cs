using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet;

/// <summary>
/// <c>output_arithmetic</c> and <c>output_num_decimals</c> say how an ABI answer is packed; a JSON answer carries numbers as they
/// are, so here they are only checked.
/// </summary>
internal static class OutputOptions
{
    /// <summary>Accepts ieee, fixed_point, their numbers and null.</summary>
    public static void SkipArithmetic(ref JsonCursor cursor)
    {
        var fits = cursor.PeekKind() switch
        {
            JsonKind.Null => cursor.TryReadNull(),
            JsonKind.String => IsArithmetic(cursor.ReadText()),
            JsonKind.Number => cursor.ReadInt64() is 0 or 1,
            _ => false,
        };
        if (!fits)
            throw new ServingException(ServingError.InvalidArgument, "output_arithmetic is neither \"ieee\" nor \"fixed_point\"");
    }

    /// <summary>Accepts 0 to 255 and null.</summary>
    public static void SkipDecimals(ref JsonCursor cursor)
    {
        if (!cursor.TryReadNull() && (cursor.PeekKind() != JsonKind.Number || cursor.ReadInt64() is < 0 or > byte.MaxValue))
            throw new ServingException(ServingError.InvalidArgument, "output_num_decimals is no whole number from 0 to 255");
    }

    private static bool IsArithmetic(JsonString name) => name.Is("ieee"u8) || name.Is("fixed_point"u8);
}
