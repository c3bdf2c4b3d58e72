using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Granary.Serving.Json;

/// <summary>Reads the values of one innermost list: the hot loop of a JSON model server.</summary>
internal static unsafe class RowReader<T, TElement>
    where T : unmanaged
    where TElement : IElement<T>
{
    /// <summary>Reads values and commas until the list closes.</summary>
    /// <param name="p">Stands on a value; moved behind what was read.</param>
    /// <param name="begin">Start of the text.</param>
    /// <param name="end">End of the text.</param>
    /// <param name="destination">Where the elements go.</param>
    /// <param name="capacity">How many fit there.</param>
    /// <param name="listsAreValues">Whether a list can be a value of this dtype (a complex pair).</param>
    /// <param name="count">How many were read.</param>
    public static RowEnd Read(ref byte* p, byte* begin, byte* end, T* destination, long capacity, bool listsAreValues, out long count)
    {
        var last = destination + capacity;
        var next = destination;
        var at = p;
        // How many spaces stood before the last value: formatted text has the same number before the next.
        var indent = 0;
        while (true)
        {
            if (next == last)
                return Stop(RowEnd.Full, at, next - destination, out p, out count);
            var after = ReadFast(at, begin, end, next);
            if (after == null)
                after = ReadAny(at, begin, end, next, listsAreValues);
            if (after == null)
                return Stop(RowEnd.List, at, next - destination, out p, out count);
            at = after;
            next++;
            if (at < end && *at == ',')
            {
                at++;
            }
            else
            {
                at = JsonText.SkipWhiteSpace(at, end);
                if (at >= end || *at != ',')
                {
                    if (at >= end || *at != ']')
                        ThrowNoSeparator(at, begin, end);
                    return Stop(RowEnd.Closed, at + 1, next - destination, out p, out count);
                }

                at++;
            }

            at = JsonText.SkipIndent(at, end, ref indent);
        }
    }

    // Pointers go in and come back by value throughout: a variable whose address is taken would live in memory, on the
    // path that each value waits for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* ReadFast(byte* at, byte* begin, byte* end, T* destination)
    {
        if (!Avx2.IsSupported || (typeof(TElement) != typeof(Float32Element) && typeof(TElement) != typeof(Float64Element)))
            return null;
        return end - at >= VectorNumber.BytesAhead && at - begin >= VectorNumber.BytesBehind
            ? VectorNumber.Read(at, destination)
            : null;
    }

    // Null when a list starts here and cannot be a value.
    private static byte* ReadAny(byte* at, byte* begin, byte* end, T* destination, bool listsAreValues)
    {
        if (TElement.TryRead(ref at, end, out *destination))
            return at;
        if (at < end && *at == '[' && !listsAreValues)
            return null;
        var text = new ReadOnlySpan<byte>(begin, (int)(end - begin));
        var literal = text[(int)(at - begin)..];
        var isTrue = literal.StartsWith("true"u8);
        if (!isTrue && !literal.StartsWith("false"u8))
            ElementErrors.Throw(text, (int)(at - begin), TElement.DType);
        *destination = TElement.FromBoolean(isTrue);
        return at + (isTrue ? 4 : 5);
    }

    private static RowEnd Stop(RowEnd reason, byte* at, long read, out byte* p, out long count)
    {
        p = at;
        count = read;
        return reason;
    }

    [DoesNotReturn]
    private static void ThrowNoSeparator(byte* at, byte* begin, byte* end)
    {
        var text = new ReadOnlySpan<byte>(begin, (int)(end - begin));
        var position = (int)(at - begin);
        JsonErrors.ThrowMalformed(position, $"expected ',' or ']', found {JsonErrors.Found(text, position)}");
    }
}
