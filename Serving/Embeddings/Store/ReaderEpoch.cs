namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// Tells writers when no reader can hold anymore what they took out of a table. Readers never wait: they count themselves in and out,
/// on cells of their processor. A writer turns to the other set of cells and waits until the first has emptied; readers that chose
/// their cell before the turn and counted late are waited for by the next writer, and see what this one published.
/// Source: McKenney, "Sleepable Read-Copy Update".
/// </summary>
internal sealed class ReaderEpoch
{
    private const int CellLongs = 16;
    private readonly int _stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount);
    private readonly long[] _cells;
    private readonly Lock _turn = new();
    private int _phase;

    public ReaderEpoch() => _cells = new long[((2 * _stripes) + 2) * CellLongs];

    /// <summary>A reader begins.</summary>
    /// <returns>What <see cref="Exit"/> wants.</returns>
    public int Enter()
    {
        var stripe = Thread.GetCurrentProcessorId() & (_stripes - 1);
        var cell = ((Volatile.Read(ref _phase) * _stripes) + stripe + 1) * CellLongs;
        // A full fence: what is read afterwards is not older than this.
        Interlocked.Increment(ref _cells[cell]);
        return cell;
    }

    /// <summary>The reader has done.</summary>
    public void Exit(int cell) => Interlocked.Decrement(ref _cells[cell]);

    /// <summary>Waits for every reader that may have begun before this call. Not to be called by a reader.</summary>
    public void Synchronize()
    {
        lock (_turn)
        {
            Interlocked.MemoryBarrier();
            Drain(1 - _phase);
            Volatile.Write(ref _phase, 1 - _phase);
            Interlocked.MemoryBarrier();
            Drain(1 - _phase);
        }
    }

    private void Drain(int phase)
    {
        for (var stripe = 0; stripe < _stripes; stripe++)
        {
            var spin = default(SpinWait);
            while (Volatile.Read(ref _cells[((phase * _stripes) + stripe + 1) * CellLongs]) != 0)
                spin.SpinOnce(sleep1Threshold: 20);
        }

        Interlocked.MemoryBarrier();
    }
}
