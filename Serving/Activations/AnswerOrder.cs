namespace Granary.Serving.Activations;

/// <summary>Holds answers back until those of all earlier calls have left. A call whose caller stopped waiting holds up nobody.</summary>
internal sealed class AnswerOrder
{
    private readonly Queue<QueuedCall> _calls = new();

    /// <summary>Adds a call; the order of these is the order of the answers.</summary>
    public void Enter(QueuedCall call)
    {
        lock (_calls)
            _calls.Enqueue(call);
    }

    /// <summary>A call has its outcome: lets it and those behind it leave, once it is their turn.</summary>
    public void Complete(QueuedCall call)
    {
        // Under the lock, or two threads could let two calls leave in the wrong order. Continuations run elsewhere.
        lock (_calls)
        {
            call.HasOutcome = true;
            while (_calls.TryPeek(out var first) && first.HasOutcome)
                _calls.Dequeue().Deliver();
        }
    }
}
