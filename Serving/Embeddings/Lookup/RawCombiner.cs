using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Store;
using Granary.Torch;

namespace Granary.Serving.Embeddings.Lookup;

/// <summary>Keeps the rows of distinct ids apart and says where each sample has which.</summary>
internal sealed class RawCombiner : IRowCombiner
{
    private readonly FeatureBatch _feature;
    private readonly SlotConfig _slot;
    private readonly BucketOwners? _owners;
    private Tensor? _rows;
    private Tensor? _index;
    private Tensor? _counts;

    /// <param name="feature">The ids.</param>
    /// <param name="slot">How.</param>
    /// <param name="owners">Of a hash stack; else null.</param>
    /// <param name="asFloat32">Else float16.</param>
    public RawCombiner(FeatureBatch feature, SlotConfig slot, BucketOwners? owners, bool asFloat32)
    {
        _feature = feature;
        _slot = slot;
        _owners = owners;
        _rows = Zeros(asFloat32 ? DType.Float32 : DType.Float16, feature.SignCount + 1, slot.Dim);
        _index = Zeros(DType.Int64, feature.BatchSize, slot.SampleFixedSize);
        _counts = Zeros(DType.Int64, feature.BatchSize);
    }

    public void Take(int first, ReadOnlySpan<float> rows)
    {
        var rounds = Math.Max(1, _slot.HashStackRounds);
        for (var i = first; rows.Length > 0; i++)
        {
            // Of a hash stack the row of the last bucket stays; they are not summed.
            var sign = i / rounds;
            if (_owners is null || _owners.Owner(i) == sign)
                Put(sign + 1, rows[.._slot.Dim]);
            rows = rows[_slot.Dim..];
        }
    }

    public FeatureEmbedding End()
    {
        if (_owners is null)
        {
            for (var i = 0; i < _feature.SignCount; i++)
                Place(i, i);
        }
        else
        {
            foreach (var (owner, signs) in _owners.InOrder())
            {
                foreach (var sign in signs)
                    Place(sign, owner);
            }
        }

        var made = new RawEmbedding(_feature.Name, _rows!, _index!, _counts!);
        (_rows, _index, _counts) = (null, null, null);
        return made;
    }

    public void Dispose()
    {
        _rows?.Dispose();
        _index?.Dispose();
        _counts?.Dispose();
    }

    private static Tensor Zeros(DType dtype, params ReadOnlySpan<long> shape)
    {
        var tensor = Tensor.Rent(dtype, shape);
        tensor.Bytes.Clear();
        return tensor;
    }

    private void Put(int at, ReadOnlySpan<float> row)
    {
        Span<float> scaled = _slot.SqrtScaling && _slot.HashStackRounds > 1 ? Scale(row, _slot.HashStackRounds) : [];
        if (!scaled.IsEmpty)
            row = scaled;
        if (_rows!.DType == DType.Float32)
            row.CopyTo(_rows.As<float>().Slice(at * row.Length, row.Length));
        else
            HalfRows.Narrow(row, _rows.As<Half>().Slice(at * row.Length, row.Length));
    }

    private static float[] Scale(ReadOnlySpan<float> row, int rounds)
    {
        var scale = 1 / MathF.Sqrt(rounds);
        var scaled = row.ToArray();
        foreach (ref var element in scaled.AsSpan())
            element *= scale;
        return scaled;
    }

    private void Place(int sign, int owner)
    {
        var size = _slot.SampleFixedSize;
        var index = _index!.As<long>();
        var counts = _counts!.As<long>();
        foreach (var place in _feature.Places[(sign == 0 ? 0 : _feature.Ends[sign - 1])..(_feature.Ends[sign])])
        {
            ref var count = ref counts[place.Sample];
            if (count >= size || place.Column >= size)
                continue;
            index[(place.Sample * size) + place.Column] = owner + 1;
            count++;
        }
    }
}
