using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Store;
using Granary.Torch;

namespace Granary.Serving.Embeddings.Lookup;

/// <summary>Adds the rows of each sample up, in float32.</summary>
internal sealed class SumCombiner : IRowCombiner
{
    private readonly FeatureBatch _feature;
    private readonly SlotConfig _slot;
    private readonly bool _asFloat32;
    private readonly int _rounds;
    private Tensor? _sums;

    public SumCombiner(FeatureBatch feature, SlotConfig slot, bool asFloat32)
    {
        _feature = feature;
        _slot = slot;
        _asFloat32 = asFloat32;
        _rounds = Math.Max(1, slot.HashStackRounds);
        _sums = Tensor.Rent(DType.Float32, [feature.BatchSize, slot.Dim]);
        _sums.Bytes.Clear();
    }

    public void Take(int first, ReadOnlySpan<float> rows)
    {
        var dim = _slot.Dim;
        var sums = _sums!.As<float>();
        var ends = _feature.Ends;
        var places = _feature.Places;
        for (var i = first; rows.Length > 0; i++)
        {
            var sign = _rounds == 1 ? i : i / _rounds;
            var row = rows[..dim];
            foreach (var place in places[(sign == 0 ? 0 : ends[sign - 1])..ends[sign]])
                Add(row, sums.Slice(place.Sample * dim, dim));
            rows = rows[dim..];
        }
    }

    public FeatureEmbedding End()
    {
        var sums = _sums!;
        if (_slot.SqrtScaling)
            Scale(sums.As<float>());
        if (_asFloat32)
        {
            _sums = null;
            return new SummedEmbedding(_feature.Name, sums);
        }

        var halves = Tensor.Rent(DType.Float16, sums.Shape);
        HalfRows.Narrow(sums.As<float>(), halves.As<Half>());
        return new SummedEmbedding(_feature.Name, halves);
    }

    public void Dispose() => _sums?.Dispose();

    private void Scale(Span<float> sums)
    {
        foreach (var count in _feature.SampleSignCounts)
        {
            var scale = 1 / MathF.Sqrt(Math.Max(1, unchecked(count * (uint)_rounds)));
            foreach (ref var element in sums[.._slot.Dim])
                element *= scale;
            sums = sums[_slot.Dim..];
        }
    }

    private static void Add(ReadOnlySpan<float> row, Span<float> sum)
    {
        ref var from = ref MemoryMarshal.GetReference(row);
        ref var to = ref MemoryMarshal.GetReference(sum);
        nuint i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i + (nuint)Vector256<float>.Count <= (nuint)row.Length; i += (nuint)Vector256<float>.Count)
                (Vector256.LoadUnsafe(ref to, i) + Vector256.LoadUnsafe(ref from, i)).StoreUnsafe(ref to, i);
        }

        for (; i < (nuint)row.Length; i++)
            sum[(int)i] += row[(int)i];
    }
}
