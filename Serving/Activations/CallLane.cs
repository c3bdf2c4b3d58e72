using Granary.Serving.Models;

namespace Granary.Serving.Activations;

/// <summary>The waiting calls of one priority: those still in time by arrival, then those that waited too long where that only delays them.</summary>
internal sealed class CallLane(int priority, QueuePolicy policy)
{
    private QueuedCall? _tail;
    private QueuedCall? _firstLate;

    public int Priority { get; } = priority;

    public QueuePolicy Policy { get; } = policy;

    /// <summary>Its place among the lanes.</summary>
    public int Index { get; set; }

    public QueuedCall? Head { get; private set; }

    public int Count { get; private set; }

    /// <summary>Puts a call behind those in time.</summary>
    public void Append(QueuedCall call)
    {
        call.Lane = this;
        InsertBefore(_firstLate, call);
    }

    /// <summary>Puts a call that waited too long behind all others of its priority.</summary>
    public void Delay(QueuedCall call)
    {
        Remove(call);
        call.Lane = this;
        call.IsLate = true;
        InsertBefore(null, call);
        _firstLate ??= call;
    }

    public void Remove(QueuedCall call)
    {
        if (_firstLate == call)
            _firstLate = call.Next;
        if (call.Previous is null)
            Head = call.Next;
        else
            call.Previous.Next = call.Next;
        if (call.Next is null)
            _tail = call.Previous;
        else
            call.Next.Previous = call.Previous;
        call.Next = call.Previous = null;
        call.Lane = null;
        Count--;
    }

    private void InsertBefore(QueuedCall? next, QueuedCall call)
    {
        var previous = next is null ? _tail : next.Previous;
        call.Previous = previous;
        call.Next = next;
        if (previous is null)
            Head = call;
        else
            previous.Next = call;
        if (next is null)
            _tail = call;
        else
            next.Previous = call;
        Count++;
    }
}
