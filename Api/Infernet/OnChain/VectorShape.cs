using Granary.Serving;

namespace Granary.Api.Infernet.OnChain;

/// <summary>The <c>uint16[] shape</c> of a vector.</summary>
internal static class VectorShape
{
    // As many as in JSON, and as libtorch prints.
    private const int MaxRank = 64;

    /// <summary>Reads the sizes and checks that they mean as many elements as there are values.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static long[] Read(AbiArray shape, AbiArray values)
    {
        if (shape.Count > MaxRank)
            throw AbiErrors.Invalid(shape.Field, shape.Position, $"{shape.Count} sizes; at most {MaxRank} are accepted");
        var sizes = new long[shape.Count];
        for (var i = 0; i < sizes.Length; i++)
        {
            var word = shape[i];
            sizes[i] = word.IsUInt64 && word.D <= ushort.MaxValue ? (long)word.D : throw shape.Invalid(i, "is no uint16");
        }

        if (Count(sizes, values.Count) != values.Count)
            throw AbiErrors.Invalid(shape.Field, shape.Position, $"shape [{string.Join(',', sizes)}] does not fit the {values.Count} values at byte {values.Position}");
        return sizes;
    }

    // A size is below 2^16 and the limit below 2^31, so a product stays below 2^47 when it stops behind the limit; a zero after that is found first.
    private static long Count(long[] sizes, int limit)
    {
        if (sizes.AsSpan().Contains(0))
            return 0;
        long count = 1;
        foreach (var size in sizes)
        {
            count *= size;
            if (count > limit)
                return -1;
        }

        return count;
    }
}
