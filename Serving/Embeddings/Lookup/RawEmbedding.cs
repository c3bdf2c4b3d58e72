using System.Runtime.InteropServices;
using Granary.Torch;

namespace Granary.Serving.Embeddings.Lookup;

/// <summary>The embeddings of distinct ids, and which of them each sample has.</summary>
/// <param name="name">Of the feature.</param>
/// <param name="rows">float16 or float32 <c>[distinct ids + 1, dim]</c>; the first is zeros.</param>
/// <param name="index">int64 <c>[batch, sample_fixed_size]</c>: a row, or 0 for none.</param>
/// <param name="counts">int64 <c>[batch]</c>: how many ids of each sample are in <paramref name="index"/>.</param>
public sealed class RawEmbedding(string name, Tensor rows, Tensor index, Tensor counts) : FeatureEmbedding(name)
{
    /// <summary>float16 or float32 <c>[distinct ids + 1, dim]</c>; the first is zeros.</summary>
    public Tensor Rows { get; } = rows;

    /// <summary>int64 <c>[batch, sample_fixed_size]</c>: a row, or 0 for none.</summary>
    public Tensor Index { get; } = index;

    /// <summary>int64 <c>[batch]</c>: how many ids of each sample are in <see cref="Index"/>.</summary>
    public Tensor Counts { get; } = counts;

    /// <summary>
    /// float16 or float32 <c>[batch, sample_fixed_size, dim + 1]</c>: the rows, and a last column that is 1 where there is one and 0
    /// elsewhere. Source: PersiaML/PERSIA, <c>persia/ctx.py</c>, <c>prepare_features</c>.
    /// </summary>
    public override Tensor ToTensor()
    {
        var tensor = Rows.DType == DType.Float32 ? Gather<float>(1f) : Gather<Half>((Half)1f);
        Dispose();
        return tensor;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Rows.Dispose();
        Index.Dispose();
        Counts.Dispose();
    }

    private Tensor Gather<T>(T one)
        where T : unmanaged
    {
        var dim = (int)Rows.Shape[1];
        var tensor = Tensor.Rent(Rows.DType, [Index.Shape[0], Index.Shape[1], dim + 1]);
        var rows = MemoryMarshal.Cast<byte, T>(Rows.Bytes);
        var to = MemoryMarshal.Cast<byte, T>(tensor.Bytes);
        foreach (var row in Index.As<long>())
        {
            rows.Slice(checked((int)row * dim), dim).CopyTo(to);
            to[dim] = row == 0 ? default : one;
            to = to[(dim + 1)..];
        }

        return tensor;
    }
}
