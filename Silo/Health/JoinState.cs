namespace Granary.Silo.Health;

/// <summary>Whether this silo is an active member of its cluster, learnt from its own lifecycle.</summary>
internal sealed class JoinState : ILifecycleParticipant<ISiloLifecycle>
{
    private volatile bool _joined;

    /// <summary>True from the moment it became active until it begins to leave.</summary>
    public bool HasJoined => _joined;

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(JoinState),
        ServiceLifecycleStage.Last,
        _ =>
        {
            _joined = true;
            return Task.CompletedTask;
        },
        _ =>
        {
            _joined = false;
            return Task.CompletedTask;
        });
}
