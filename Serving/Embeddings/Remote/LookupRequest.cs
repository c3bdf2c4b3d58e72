using System.Buffers;
using System.Runtime.InteropServices;
using Granary.Serving.Embeddings.Speedy;

namespace Granary.Serving.Embeddings.Remote;

/// <summary>What one server is asked for: ids with their prefixes, and how long each embedding is.</summary>
/// <param name="Signs">The ids.</param>
/// <param name="Dims">As many lengths.</param>
/// <param name="IsTraining">Whether missing entries are to be made; not done here.</param>
public sealed record LookupRequest(ulong[] Signs, int[] Dims, bool IsTraining)
{
    private const int PairBytes = 2 * sizeof(ulong);

    /// <summary>Elements of the answer.</summary>
    public long Elements => Dims.Sum(static dim => (long)dim);

    /// <summary>Reads <c>lookup_mixed</c>'s arguments.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static LookupRequest ReadMixed(ReadOnlySpan<byte> bytes) => Guard(bytes, static (ref SpeedyReader reader) =>
    {
        var (signs, dims) = ReadPairs(ref reader);
        return new LookupRequest(signs, dims, reader.ReadFlag());
    });

    /// <summary>Reads <c>lookup_inference</c>'s argument: a block of bytes that holds the pairs.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static LookupRequest ReadInference(ReadOnlySpan<byte> bytes) => Guard(bytes, static (ref SpeedyReader reader) =>
    {
        var inner = new SpeedyReader(reader.Take(reader.ReadCount(1)));
        var (signs, dims) = ReadPairs(ref inner);
        inner.End();
        return new LookupRequest(signs, dims, false);
    });

    /// <summary>Writes <c>lookup_mixed</c>'s arguments.</summary>
    public void WriteMixed(IBufferWriter<byte> output)
    {
        var writer = new SpeedyWriter(output);
        writer.WriteCount(Signs.Length);
        for (var i = 0; i < Signs.Length; i++)
        {
            writer.WriteUInt64(Signs[i]);
            writer.WriteUInt64((ulong)Dims[i]);
        }

        writer.WriteFlag(IsTraining);
    }

    /// <summary>Writes the answer to <c>lookup_mixed</c>: that it went well, and the numbers.</summary>
    public static void WriteMixedAnswer(IBufferWriter<byte> output, ReadOnlySpan<float> numbers)
    {
        var writer = new SpeedyWriter(output);
        writer.WriteFlag(true);
        writer.WriteList(numbers);
    }

    /// <summary>Writes the answer to <c>lookup_inference</c>: the same in a block of bytes.</summary>
    public static void WriteInferenceAnswer(IBufferWriter<byte> output, ReadOnlySpan<float> numbers)
    {
        var writer = new SpeedyWriter(output);
        writer.WriteFlag(true);
        writer.WriteCount(sizeof(uint) + (numbers.Length * sizeof(float)));
        writer.WriteList(numbers);
    }

    /// <summary>Reads the answer to <c>lookup_mixed</c>.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="numbers">As many as were asked for.</param>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: the server failed, or answers something else.</exception>
    public static void ReadMixedAnswer(ReadOnlySpan<byte> bytes, Span<float> numbers)
    {
        try
        {
            var reader = new SpeedyReader(bytes);
            if (!reader.ReadFlag())
                throw new ServingException(ServingError.SourceFailed, "an embedding server refuses the lookup");
            var count = reader.ReadCount(sizeof(float));
            if (count != numbers.Length)
                throw new SpeedyException(1, $"{count} numbers came and {numbers.Length} were asked for");
            MemoryMarshal.Cast<byte, float>(reader.ReadElements(count, sizeof(float))).CopyTo(numbers);
            reader.End();
        }
        catch (SpeedyException error)
        {
            throw new ServingException(ServingError.SourceFailed, $"an embedding server answers something else than embeddings: {error.Message}", error);
        }
    }

    private delegate LookupRequest Read(ref SpeedyReader reader);

    private static LookupRequest Guard(ReadOnlySpan<byte> bytes, Read read)
    {
        try
        {
            var reader = new SpeedyReader(bytes);
            var request = read(ref reader);
            reader.End();
            return request;
        }
        catch (SpeedyException error)
        {
            throw new ServingException(ServingError.InvalidArgument, $"the request is no list of signs and dimensions: {error.Message}", error);
        }
    }

    private static (ulong[] Signs, int[] Dims) ReadPairs(ref SpeedyReader reader)
    {
        const int MostDim = 65_536;
        var count = reader.ReadCount(PairBytes);
        var signs = new ulong[count];
        var dims = new int[count];
        for (var i = 0; i < count; i++)
        {
            signs[i] = reader.ReadUInt64();
            var offset = reader.Offset;
            var dim = reader.ReadSize();
            dims[i] = dim is > 0 and <= MostDim ? (int)dim : throw new SpeedyException(offset, $"an embedding has dimension {dim}; expected 1 to {MostDim}");
        }

        return (signs, dims);
    }
}
