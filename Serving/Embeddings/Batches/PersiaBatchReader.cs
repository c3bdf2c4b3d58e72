using Granary.Serving.Embeddings.Speedy;
using Granary.Torch;

namespace Granary.Serving.Embeddings.Batches;

/// <summary>
/// Reads a batch, whichever generation of Persia wrote it: the current form, else the two earlier ones, each strictly.
/// Source: PersiaML/PERSIA, <c>rust/persia-common/src/lib.rs</c> and its history.
/// </summary>
public static class PersiaBatchReader
{
    private delegate PersiaBatch Dialect(ref SpeedyReader reader);

    private static readonly Dialect[] Dialects = [ReadCurrent, ReadV1, ReadV0];

    /// <summary>Reads all the bytes.</summary>
    /// <returns>What the caller disposes.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: they are no batch of any generation; says where the current form was left.</exception>
    public static PersiaBatch Read(ReadOnlySpan<byte> bytes)
    {
        SpeedyException? first = null;
        foreach (var dialect in Dialects)
        {
            try
            {
                return ReadWhole(bytes, dialect);
            }
            catch (SpeedyException error)
            {
                first ??= error;
            }
        }

        throw new ServingException(ServingError.InvalidArgument, $"the batch is no PersiaBatch of any generation: {first!.Message} (in the current form)", first);
    }

    /// <summary>Reads the sparse features alone, as workers get them from handlers (<c>IDTypeFeatureBatch</c>).</summary>
    /// <returns>What the caller disposes; without dense tensors.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: they are something else; says where.</exception>
    public static PersiaBatch ReadFeatures(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return ReadWhole(bytes, ReadSparse);
        }
        catch (SpeedyException error)
        {
            throw new ServingException(ServingError.InvalidArgument, $"the request is no batch of features: {error.Message}", error);
        }
    }

    private static PersiaBatch ReadWhole(ReadOnlySpan<byte> bytes, Dialect dialect)
    {
        var reader = new SpeedyReader(bytes);
        var batch = dialect(ref reader);
        try
        {
            reader.End();
            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    private static PersiaBatch ReadCurrent(ref SpeedyReader reader)
    {
        var parts = new Parts();
        try
        {
            parts.ReadTensors(ref reader, parts.Dense, TensorReader.LeastBytes, TensorReader.Read);
            if (reader.ReadTag(3, "the kind of the sparse features") is var kind && kind == 1)
            {
                reader.ReadFlag();
                parts.ReadFeatures(ref reader);
                ReadTimes(ref reader);
            }
            else
            {
                Check(ref reader, kind == 2);
            }

            parts.ReadTensors(ref reader, parts.Labels, TensorReader.LeastBytes, TensorReader.Read);
            ReadTail(ref reader);
            return parts.Make(BatchDialect.V2);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    private static PersiaBatch ReadSparse(ref SpeedyReader reader)
    {
        var parts = new Parts();
        try
        {
            // Whether gradients will come; nobody waits for them.
            reader.ReadFlag();
            parts.ReadFeatures(ref reader);
            ReadTimes(ref reader);
            return parts.Make(BatchDialect.V2);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    private static PersiaBatch ReadV1(ref SpeedyReader reader) => ReadEarly(ref reader, BatchDialect.V1);

    private static PersiaBatch ReadV0(ref SpeedyReader reader) => ReadEarly(ref reader, BatchDialect.V0);

    private static PersiaBatch ReadEarly(ref SpeedyReader reader, BatchDialect dialect)
    {
        var parts = new Parts();
        var sparse = dialect == BatchDialect.V1 ? 1 : 2;
        try
        {
            parts.ReadTensors(ref reader, parts.Dense, TensorReader.LeastEarlyBytes, TensorReader.ReadEarly);
            var kind = reader.ReadTag(3, "the kind of the sparse features");
            if (kind == sparse)
            {
                if (dialect == BatchDialect.V1)
                    reader.ReadFlag();
                parts.ReadFeatures(ref reader);
                ReadTimes(ref reader);
            }
            else
            {
                Check(ref reader, kind != 0);
            }

            parts.ReadTensors(ref reader, parts.Labels, TensorReader.LeastEarlyBytes, TensorReader.ReadEarly);
            var map = reader.Offset;
            if (reader.ReadCount(sizeof(uint)) > 0)
                throw new SpeedyException(map, "the batch has further data by names, which inference does not take");
            ReadTail(ref reader);
            return parts.Make(dialect);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    // Only ids can be looked up: the other kinds refer to a trainer's memory.
    private static void Check(ref SpeedyReader reader, bool isReference)
    {
        if (isReference)
            throw new SpeedyException(reader.Offset - sizeof(uint), "the batch refers to features that another server holds; send them in the batch");
    }

    private static void ReadTimes(ref SpeedyReader reader)
    {
        const int TimeBytes = sizeof(ulong) + sizeof(uint);
        for (var i = 0; i < 2; i++)
        {
            if (reader.ReadFlag())
                reader.Take(TimeBytes);
        }

        if (reader.ReadFlag())
            reader.ReadUInt64();
    }

    private static void ReadTail(ref SpeedyReader reader)
    {
        if (reader.ReadFlag())
            reader.Take(reader.ReadCount(1));
        if (reader.ReadFlag())
            reader.ReadUInt64();
    }

    private delegate Tensor ReadTensor(ref SpeedyReader reader);

    private sealed class Parts : IDisposable
    {
        private readonly List<FeatureBatch> _features = [];

        public List<Tensor> Dense { get; } = [];

        public List<Tensor> Labels { get; } = [];

        public void ReadTensors(ref SpeedyReader reader, List<Tensor> tensors, int leastBytes, ReadTensor read)
        {
            var count = reader.ReadCount(leastBytes);
            for (var i = 0; i < count; i++)
                tensors.Add(read(ref reader));
        }

        public void ReadFeatures(ref SpeedyReader reader)
        {
            var count = reader.ReadCount(FeatureReader.LeastBytes);
            for (var i = 0; i < count; i++)
                _features.Add(FeatureReader.Read(ref reader));
        }

        public PersiaBatch Make(BatchDialect dialect) => new(Dense, _features, Labels, dialect);

        public void Dispose() => Make(BatchDialect.V2).Dispose();
    }
}
