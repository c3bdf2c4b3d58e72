using System.Buffers;

namespace Granary.Serving.Embeddings.Batches;

/// <summary>
/// The ids of one sparse feature in a batch: every distinct one, and in which samples and columns it occurs. Dispose it: its memory is
/// pooled.
/// </summary>
public sealed class FeatureBatch : IDisposable
{
    private ulong[] _signs;
    private int[] _ends;
    private SignPlace[] _places;
    private uint[] _counts;

    /// <param name="name">Of the slot.</param>
    /// <param name="batchSize">Samples.</param>
    /// <param name="signCount">Distinct ids.</param>
    /// <param name="placeCount">Occurrences of all of them.</param>
    internal FeatureBatch(string name, int batchSize, int signCount, int placeCount)
    {
        Name = name;
        BatchSize = batchSize;
        SignCount = signCount;
        PlaceCount = placeCount;
        _signs = ArrayPool<ulong>.Shared.Rent(signCount);
        _ends = ArrayPool<int>.Shared.Rent(signCount);
        _places = ArrayPool<SignPlace>.Shared.Rent(placeCount);
        _counts = ArrayPool<uint>.Shared.Rent(batchSize);
    }

    /// <summary>Of the slot.</summary>
    public string Name { get; }

    /// <summary>Samples, at most 65,535.</summary>
    public int BatchSize { get; }

    /// <summary>How many distinct ids.</summary>
    public int SignCount { get; }

    /// <summary>How many occurrences.</summary>
    public int PlaceCount { get; }

    /// <summary>The distinct ids, as the client gave them.</summary>
    public ReadOnlySpan<ulong> Signs => _signs.AsSpan(0, SignCount);

    /// <summary>Of each id, where its occurrences end in <see cref="Places"/>; the next one's begin there.</summary>
    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, SignCount);

    /// <summary>The occurrences, id by id.</summary>
    public ReadOnlySpan<SignPlace> Places => _places.AsSpan(0, PlaceCount);

    /// <summary>Of each sample, how many ids it has.</summary>
    public ReadOnlySpan<uint> SampleSignCounts => _counts.AsSpan(0, BatchSize);

    /// <summary>For whoever fills it.</summary>
    internal Span<ulong> SignsToFill => _signs.AsSpan(0, SignCount);

    internal Span<int> EndsToFill => _ends.AsSpan(0, SignCount);

    internal Span<SignPlace> PlacesToFill => _places.AsSpan(0, PlaceCount);

    internal Span<uint> CountsToFill => _counts.AsSpan(0, BatchSize);

    /// <summary>Gives the memory back. Safe to call twice.</summary>
    public void Dispose()
    {
        if (_signs.Length + _ends.Length + _places.Length + _counts.Length == 0)
            return;
        ArrayPool<ulong>.Shared.Return(_signs);
        ArrayPool<int>.Shared.Return(_ends);
        ArrayPool<SignPlace>.Shared.Return(_places);
        ArrayPool<uint>.Shared.Return(_counts);
        _signs = [];
        _ends = [];
        _places = [];
        _counts = [];
    }
}

/// <summary>Where an id occurs.</summary>
/// <param name="Sample">Row of the batch.</param>
/// <param name="Column">Position among the ids of that sample.</param>
public readonly record struct SignPlace(ushort Sample, ushort Column);
