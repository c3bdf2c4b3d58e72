using System.Buffers;
using Granary.Serving.Embeddings.Speedy;

namespace Granary.Serving.Embeddings.Batches;

/// <summary>
/// Makes the bytes of a batch, as clients of Persia do: <c>add_dense</c>, <c>add_sparse</c>, <c>to_bytes</c>. Not thread-safe.
/// <code>
/// var batch = new PersiaBatchBuilder();
/// batch.AddDense("dense", [2, 1], [1f, 2f]);
/// batch.AddSparse("a", [[7], [7, 9]]);
/// byte[] bytes = batch.ToBytes();
/// </code>
/// </summary>
public sealed class PersiaBatchBuilder
{
    private const string DefaultName = "non_id_type_feature_anonymous";
    private readonly List<(string Name, long[] Shape, float[] Values)> _dense = [];
    private readonly List<(string Name, ulong[][] Samples)> _sparse = [];

    /// <summary>Adds a float32 tensor.</summary>
    /// <param name="name">Null for Persia's own default; the earlier dialects have no names.</param>
    /// <param name="shape"><c>[batch, …]</c>.</param>
    /// <param name="values">Row-major.</param>
    /// <exception cref="ArgumentException">They are not as many as the shape says.</exception>
    public PersiaBatchBuilder AddDense(string? name, ReadOnlySpan<long> shape, ReadOnlySpan<float> values)
    {
        if (Torch.Tensor.CountElements(shape) != values.Length)
            throw new ArgumentException($"{values.Length} values do not fill the shape [{string.Join(',', shape.ToArray())}]", nameof(values));
        _dense.Add((name ?? DefaultName, shape.ToArray(), values.ToArray()));
        return this;
    }

    /// <summary>Adds a sparse feature.</summary>
    /// <param name="name">Of the slot.</param>
    /// <param name="samples">The ids of each sample; a sample may have none.</param>
    /// <exception cref="ArgumentException">More than 65,535 samples, or ids in one of them.</exception>
    public PersiaBatchBuilder AddSparse(string name, IReadOnlyList<ulong[]> samples)
    {
        if (samples.Count > ushort.MaxValue || samples.Any(static sample => sample.Length > ushort.MaxValue))
            throw new ArgumentException($"feature '{name}' has more than {ushort.MaxValue} samples, or ids in one sample", nameof(samples));
        _sparse.Add((name, [.. samples]));
        return this;
    }

    /// <summary>The batch in the form of one generation of Persia.</summary>
    public byte[] ToBytes(BatchDialect dialect = BatchDialect.V2)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new SpeedyWriter(buffer);
        writer.WriteCount(_dense.Count);
        foreach (var tensor in _dense)
            WriteTensor(writer, tensor, dialect);
        writer.WriteCount(_sparse.Count == 0 ? 0 : dialect == BatchDialect.V0 ? 2 : 1);
        if (_sparse.Count > 0)
            WriteFeatures(writer, dialect);
        // No labels; the earlier dialects have a dictionary more; no metadata, no number.
        writer.WriteCount(0);
        if (dialect != BatchDialect.V2)
            writer.WriteCount(0);
        writer.WriteFlag(false);
        writer.WriteFlag(false);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteTensor(SpeedyWriter writer, (string Name, long[] Shape, float[] Values) tensor, BatchDialect dialect)
    {
        const uint Cpu = 0;
        const uint Float32 = 2;
        const uint EarlyFloat32 = 0;
        var isCurrent = dialect == BatchDialect.V2;
        if (isCurrent)
            writer.WriteUInt32(Cpu);
        writer.WriteUInt32(isCurrent ? Float32 : EarlyFloat32);
        writer.WriteList<float>(tensor.Values);
        writer.WriteList<long>(tensor.Shape);
        if (!isCurrent)
            return;
        var strides = new long[tensor.Shape.Length];
        long stride = 1;
        for (var i = strides.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= tensor.Shape[i];
        }

        writer.WriteList<long>(strides);
        writer.WriteFlag(true);
        writer.WriteString(tensor.Name);
        writer.WriteUInt32(Cpu);
        writer.WriteFlag(false);
    }

    private void WriteFeatures(SpeedyWriter writer, BatchDialect dialect)
    {
        // Gradients are not asked for.
        if (dialect != BatchDialect.V0)
            writer.WriteFlag(false);
        writer.WriteCount(_sparse.Count);
        foreach (var (name, samples) in _sparse)
            WriteFeature(writer, name, samples);
        writer.WriteFlag(false);
        writer.WriteFlag(false);
        writer.WriteFlag(false);
    }

    private static void WriteFeature(SpeedyWriter writer, string name, ulong[][] samples)
    {
        var places = new SignPlaces(samples);
        writer.WriteString(name);
        writer.WriteCount(places.Signs.Length);
        foreach (var sign in places.Signs)
        {
            writer.WriteUInt64(sign);
            writer.WriteList(places[sign]);
        }

        writer.WriteList<uint>([.. samples.Select(static sample => (uint)sample.Length)]);
        writer.WriteCount(places.Signs.Length);
        for (var i = 0; i < places.Signs.Length; i++)
        {
            writer.WriteUInt64(places.Signs[i]);
            writer.WriteUInt64((ulong)i);
        }

        writer.WriteUInt16((ushort)samples.Length);
    }
}
