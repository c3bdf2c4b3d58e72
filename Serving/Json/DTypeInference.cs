using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>
/// The dtype that <c>torch.tensor</c> would choose: float32 when any number has a point or an exponent (or is NaN or
/// infinite), else int64 when there is any number, else bool when there is any value, else float32.
/// </summary>
internal static unsafe class DTypeInference
{
    /// <summary>Looks at the numbers from <paramref name="position"/> to the end of the value there.</summary>
    public static DType Infer(ReadOnlySpan<byte> json, int position)
    {
        fixed (byte* begin = json)
        {
            var end = begin + json.Length;
            var (depth, wholes, booleans) = (0, false, false);
            var p = begin + position;
            do
            {
                p = JsonText.SkipWhiteSpace(p, end);
                switch (p < end ? *p : 0)
                {
                    case '[':
                        depth++;
                        p++;
                        break;
                    case ']':
                        depth--;
                        p++;
                        break;
                    case ',':
                        p++;
                        break;
                    case 't' or 'f':
                        booleans = true;
                        p += *p == 't' ? 4 : 5;
                        break;
                    default:
                        var next = p < end ? JsonText.SkipNumber(p, end) : null;
                        // Malformed, or not a number: whoever reads the values says so.
                        if (next == null || new ReadOnlySpan<byte>(p, (int)(next - p)).IndexOfAny(".eENI"u8) >= 0)
                            return DType.Float32;
                        wholes = true;
                        p = next;
                        break;
                }
            }
            while (depth > 0);
            return wholes ? DType.Int64 : booleans ? DType.Bool : DType.Float32;
        }
    }
}
