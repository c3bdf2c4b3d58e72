using Granary.Serving.Clusters;

namespace Granary.Serving.Activations;

/// <summary>
/// Counts native calls by their rows, striped like <see cref="ModelCounters"/>. Sizes are remembered up to <see cref="Largest"/>, so that
/// callers who choose their own number of rows cannot fill memory; larger ones count together.
/// </summary>
internal sealed class BatchCounters(int stripes, TimeProvider time)
{
    /// <summary>The largest size that is told apart.</summary>
    public const int Largest = 4096;

    private const int Calls = 0;
    private const int InputTime = 1;
    private const int ComputeTime = 2;
    private const int OutputTime = 3;
    // Four cells and room to spare, so that two stripes never share a cache line wherever the array begins.
    private const int Stride = 12;
    private readonly Lock _growing = new();

    // Place 0 holds what is larger, and calls without any row.
    private long[]?[] _sizes = new long[]?[2];

    /// <summary>A native call returned. Durations in units of timestamps.</summary>
    public void Add(int stripe, int rows, long input, long compute, long output)
    {
        var sizes = Volatile.Read(ref _sizes);
        var size = rows is > 0 and <= Largest ? rows : 0;
        var cells = size < sizes.Length ? Volatile.Read(ref sizes[size]) : null;
        cells ??= Grow(size);
        var first = stripe * Stride;
        Interlocked.Increment(ref cells[first + Calls]);
        if (compute != 0)
            Interlocked.Add(ref cells[first + ComputeTime], compute);
        if (input != 0)
            Interlocked.Add(ref cells[first + InputTime], input);
        if (output != 0)
            Interlocked.Add(ref cells[first + OutputTime], output);
    }

    /// <summary>Native calls of every size.</summary>
    public long Total()
    {
        long total = 0;
        foreach (var cells in Volatile.Read(ref _sizes))
        {
            if (cells is not null)
                total += Sum(cells, Calls);
        }

        return total;
    }

    /// <summary>One entry a size that occurred, ascending.</summary>
    public IReadOnlyList<BatchStatistics> Read()
    {
        var list = new List<BatchStatistics>();
        var sizes = Volatile.Read(ref _sizes);
        for (var size = 1; size < sizes.Length; size++)
        {
            if (Volatile.Read(ref sizes[size]) is { } cells)
                list.Add(new BatchStatistics(size, Sum(cells, Calls), Time(cells, InputTime), Time(cells, ComputeTime), Time(cells, OutputTime)));
        }

        return list;
    }

    private long[] Grow(int size)
    {
        lock (_growing)
        {
            if (size >= _sizes.Length)
            {
                var longer = new long[]?[Math.Max(size + 1, Math.Min(2 * _sizes.Length, Largest + 1))];
                _sizes.CopyTo(longer, 0);
                Volatile.Write(ref _sizes, longer);
            }

            if (_sizes[size] is { } there)
                return there;
            var cells = new long[stripes * Stride];
            Volatile.Write(ref _sizes[size], cells);
            return cells;
        }
    }

    private TimeSpan Time(long[] cells, int cell) => time.GetElapsedTime(0, Sum(cells, cell));

    private static long Sum(long[] cells, int cell)
    {
        long sum = 0;
        for (var at = cell; at < cells.Length; at += Stride)
            sum += Volatile.Read(ref cells[at]);
        return sum;
    }
}
