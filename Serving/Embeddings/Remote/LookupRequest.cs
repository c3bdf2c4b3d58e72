using System.Buffers;
using System.Runtime.InteropServices;
using Granary.Serving.Embeddings.Speedy;
using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Embeddings.Remote;

/// <summary>
/// What an embedding server is asked for: ids with their prefixes, and how long each embedding is. Dispose it: its memory is pooled.
/// Source: PersiaML/PERSIA, <c>rust/persia-embedding-server/src/embedding_parameter_service/mod.rs</c>, <c>lookup_mixed</c>.
/// </summary>
public sealed class LookupRequest : IDisposable
{
    /// <summary>Longest answer. A pair of 16 bytes can ask for very much, so requests are not bounded by their own length alone.</summary>
    public const long MostAnswerBytes = 256L << 20;

    private const int PairBytes = 2 * sizeof(ulong);
    private const int MostDim = 65_536;
    private readonly List<LookupRun> _runs = [];
    private readonly int _count;
    private ulong[] _signs;

    private LookupRequest(int count)
    {
        _count = count;
        _signs = ArrayPool<ulong>.Shared.Rent(count);
    }

    /// <summary>The ids, in order.</summary>
    public ReadOnlyMemory<ulong> Signs => _signs.AsMemory(0, _count);

    /// <summary>Which of them have which dimension, in order.</summary>
    public IReadOnlyList<LookupRun> Runs => _runs;

    /// <summary>Whether missing entries are to be made; that is training, and not done here.</summary>
    public bool IsTraining { get; private set; }

    /// <summary>Elements of the answer.</summary>
    public int Elements { get; private set; }

    /// <summary>Reads <c>lookup_mixed</c>'s arguments.</summary>
    /// <returns>What the caller disposes.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: they are something else; <see cref="ServingError.TooLarge"/>: the answer would exceed <see cref="MostAnswerBytes"/>.</exception>
    public static LookupRequest ReadMixed(ReadOnlySpan<byte> bytes) => Read(bytes, static (ref SpeedyReader reader) =>
    {
        var count = reader.ReadCount(PairBytes);
        var request = ReadPairs(ref reader, count);
        try
        {
            request.IsTraining = reader.ReadFlag();
            reader.End();
            return request;
        }
        catch
        {
            request.Dispose();
            throw;
        }
    });

    /// <summary>Reads <c>lookup_inference</c>'s argument: a block of bytes that holds the pairs.</summary>
    /// <returns>What the caller disposes.</returns>
    /// <exception cref="ServingException">As above.</exception>
    public static LookupRequest ReadInference(ReadOnlySpan<byte> bytes) => Read(bytes, static (ref SpeedyReader reader) =>
    {
        const int LeastBytes = sizeof(uint);
        var start = reader.Offset;
        var length = reader.ReadCount(1);
        if (length != reader.Remaining || length < LeastBytes)
            throw new SpeedyException(start, $"the block of pairs has {length} bytes and {reader.Remaining} follow");
        var count = reader.ReadCount(PairBytes);
        if (reader.Remaining != count * PairBytes)
            throw new SpeedyException(reader.Offset, $"{count} pairs do not fill the {reader.Remaining} bytes that follow");
        return ReadPairs(ref reader, count);
    });

    /// <summary>The request as <see cref="IEmbeddingRows"/> wants it.</summary>
    /// <param name="rows"><see cref="Elements"/> numbers, to be filled.</param>
    public RowGroup[] ToGroups(Memory<float> rows)
    {
        var groups = new RowGroup[_runs.Count];
        var start = 0;
        for (var i = 0; i < groups.Length; i++)
        {
            var run = _runs[i];
            var length = run.Count * run.Dim;
            groups[i] = new RowGroup(Signs.Slice(run.Start, run.Count), run.Dim, rows.Slice(start, length));
            start += length;
        }

        return groups;
    }

    /// <summary>Gives the memory back. Safe to call twice.</summary>
    public void Dispose()
    {
        if (_signs.Length == 0)
            return;
        ArrayPool<ulong>.Shared.Return(_signs);
        _signs = [];
    }

    private delegate LookupRequest Reader(ref SpeedyReader reader);

    private static LookupRequest Read(ReadOnlySpan<byte> bytes, Reader read)
    {
        try
        {
            var reader = new SpeedyReader(bytes);
            return read(ref reader);
        }
        catch (SpeedyException error)
        {
            throw new ServingException(ServingError.InvalidArgument, $"the request is no list of signs and dimensions: {error.Message}", error);
        }
    }

    private static LookupRequest ReadPairs(ref SpeedyReader reader, int count)
    {
        var offset = reader.Offset;
        var request = new LookupRequest(count);
        try
        {
            request.Fill(MemoryMarshal.Cast<byte, Pair>(reader.ReadElements(count, PairBytes)), offset);
            return request;
        }
        catch
        {
            request.Dispose();
            throw;
        }
    }

    private void Fill(ReadOnlySpan<Pair> pairs, int offset)
    {
        var signs = _signs.AsSpan(0, pairs.Length);
        var start = 0;
        long elements = 0;
        for (var i = 0; i < pairs.Length; i++)
        {
            signs[i] = pairs[i].Sign;
            if (i + 1 < pairs.Length && pairs[i + 1].Dim == pairs[i].Dim)
                continue;
            var dim = pairs[i].Dim;
            if (dim is 0 or > MostDim)
                throw new SpeedyException(offset + (start * PairBytes) + sizeof(ulong), $"an embedding has dimension {dim}; expected 1 to {MostDim}");
            var count = i + 1 - start;
            _runs.Add(new LookupRun(start, count, (int)dim));
            elements += count * (long)dim;
            start = i + 1;
        }

        if (elements * sizeof(float) > MostAnswerBytes)
            throw new ServingException(ServingError.TooLarge, $"the answer would have {elements * sizeof(float)} bytes; at most {MostAnswerBytes} are allowed: ask for fewer signs at once");
        Elements = (int)elements;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private readonly record struct Pair(ulong Sign, ulong Dim);
}
