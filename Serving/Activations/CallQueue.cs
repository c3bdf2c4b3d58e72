namespace Granary.Serving.Activations;

/// <summary>The calls that wait for an instance, oldest first. Not thread-safe: the executor's lock guards it.</summary>
internal sealed class CallQueue
{
    private QueuedCall? _tail;

    public QueuedCall? Head { get; private set; }

    public int Count { get; private set; }

    public void Append(QueuedCall call)
    {
        call.Previous = _tail;
        if (_tail is null)
            Head = call;
        else
            _tail.Next = call;
        _tail = call;
        call.IsQueued = true;
        Count++;
    }

    public void Remove(QueuedCall call)
    {
        if (call.Previous is null)
            Head = call.Next;
        else
            call.Previous.Next = call.Next;
        if (call.Next is null)
            _tail = call.Previous;
        else
            call.Next.Previous = call.Previous;
        call.Next = call.Previous = null;
        call.IsQueued = false;
        Count--;
    }

    /// <summary>
    /// Takes the oldest call and those right behind it that match, up to <paramref name="maxRows"/> rows, as a chain. A call that
    /// does not match ends the batch, so nobody is overtaken.
    /// </summary>
    public Batch TakeBatch(int maxRows)
    {
        if (Head is not { } first)
            return default;
        Remove(first);
        var last = first;
        var rows = first.Rows;
        var calls = 1;
        while (Head is { } next && rows + next.Rows <= maxRows && BatchJoiner.Match(first, next))
        {
            Remove(next);
            last.Next = next;
            last = next;
            rows += next.Rows;
            calls++;
        }

        return new Batch(first, calls, rows);
    }

    /// <summary>Whether the batch at the head cannot grow any more: it is full, or the next call cannot join it.</summary>
    public bool IsFull(int maxRows)
    {
        if (Head is not { } first)
            return false;
        var rows = first.Rows;
        if (rows == 0 || rows >= maxRows)
            return true;
        for (var next = first.Next; next is not null; next = next.Next)
        {
            if (rows + next.Rows > maxRows || !BatchJoiner.Match(first, next))
                return true;
            rows += next.Rows;
        }

        return rows >= maxRows;
    }
}

/// <summary>Calls that run together, chained by <see cref="QueuedCall.Next"/>; none when <paramref name="First"/> is null.</summary>
internal readonly record struct Batch(QueuedCall? First, int Calls, int Rows);
