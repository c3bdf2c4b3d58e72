using Granary.Serving.Models;

namespace Granary.Serving.Activations;

/// <summary>The calls that wait for an instance, by priority, then by arrival. Not thread-safe: the executor's lock guards it.</summary>
internal sealed class CallQueue(BatchingOptions batching)
{
    /// <summary>Empty lanes are kept up to here, so that the usual few are made once.</summary>
    private const int KeptLanes = 16;

    private readonly List<CallLane> _lanes = [];

    public int Count { get; private set; }

    /// <summary>The priority that a request has here: what it names where the model has such a level, else the default.</summary>
    public int PriorityOf(ulong asked) => asked == 0 || asked > (ulong)batching.Priorities ? batching.DefaultPriority : (int)asked;

    /// <summary>What holds for the calls of a priority.</summary>
    public QueuePolicy PolicyOf(int priority) => batching.PriorityQueues.TryGetValue(priority, out var own) ? own : batching.Queue;

    /// <summary>Puts a call behind those of its priority that are in time.</summary>
    public void Append(QueuedCall call)
    {
        LaneOf(call.Priority).Append(call);
        Count++;
    }

    public void Remove(QueuedCall call)
    {
        var lane = call.Lane!;
        lane.Remove(call);
        Count--;
        if (lane.Count == 0 && _lanes.Count > KeptLanes)
        {
            _lanes.Remove(lane);
            Renumber();
        }
    }

    /// <summary>The call that comes after another, or first; those that waited too long by now are put behind on the way.</summary>
    public QueuedCall? Next(QueuedCall? after, long now)
    {
        var index = after?.Lane!.Index ?? 0;
        var call = after is not null ? after.Next : _lanes.Count > 0 ? _lanes[0].Head : null;
        while (true)
        {
            while (call is { IsLate: false } late && late.LateFrom <= now)
            {
                call = late.Next ?? late;
                late.Lane!.Delay(late);
            }

            if (call is not null || ++index >= _lanes.Count)
                return call;
            call = _lanes[index].Head;
        }
    }

    /// <summary>How many calls of a lane wait when as many of the first ones as there are tickets count as running.</summary>
    public int WaitingIn(CallLane lane, int tickets)
    {
        for (var i = 0; i < lane.Index && tickets > 0; i++)
            tickets -= Math.Min(tickets, _lanes[i].Count);
        return lane.Count - Math.Min(tickets, lane.Count);
    }

    /// <summary>Takes the first calls out, chained by <see cref="QueuedCall.Next"/>.</summary>
    public Batch Take(BatchPlan plan, long now)
    {
        QueuedCall? first = null;
        QueuedCall? last = null;
        for (var i = 0; i < plan.Calls; i++)
        {
            var call = Next(null, now)!;
            Remove(call);
            if (last is null)
                first = call;
            else
                last.Next = call;
            last = call;
        }

        return new Batch(first, plan.Calls, plan.Rows);
    }

    private CallLane LaneOf(int priority)
    {
        var index = 0;
        while (index < _lanes.Count && _lanes[index].Priority < priority)
            index++;
        if (index < _lanes.Count && _lanes[index].Priority == priority)
            return _lanes[index];
        var lane = new CallLane(priority, PolicyOf(priority));
        _lanes.Insert(index, lane);
        Renumber();
        return lane;
    }

    private void Renumber()
    {
        for (var i = 0; i < _lanes.Count; i++)
            _lanes[i].Index = i;
    }
}

/// <summary>Calls that run together, chained by <see cref="QueuedCall.Next"/>; none when <paramref name="First"/> is null.</summary>
internal readonly record struct Batch(QueuedCall? First, int Calls, int Rows);
