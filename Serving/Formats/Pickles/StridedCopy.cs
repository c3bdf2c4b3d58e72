namespace Granary.Serving.Formats.Pickles;

/// <summary>Lays the elements of a tensor with any strides row after row.</summary>
internal static class StridedCopy
{
    /// <summary>Copies; the caller has checked that every element lies inside both.</summary>
    /// <param name="from">From the first element on.</param>
    /// <param name="to">As many elements as <paramref name="sizes"/> say.</param>
    /// <param name="sizes">Outermost first.</param>
    /// <param name="strides">In elements, not negative.</param>
    /// <param name="element">Bytes of one element.</param>
    public static void Run(ReadOnlySpan<byte> from, Span<byte> to, ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides, int element)
    {
        if (to.IsEmpty)
            return;
        var rank = sizes.Length;
        Span<long> index = stackalloc long[rank];
        index.Clear();
        long source = 0;
        for (var target = 0; target < to.Length; target += element)
        {
            from.Slice(checked((int)(source * element)), element).CopyTo(to[target..]);
            // The next index, as a counter whose last digit turns fastest.
            for (var axis = rank - 1; axis >= 0; axis--)
            {
                source += strides[axis];
                if (++index[axis] < sizes[axis])
                    break;
                source -= strides[axis] * sizes[axis];
                index[axis] = 0;
            }
        }
    }
}
