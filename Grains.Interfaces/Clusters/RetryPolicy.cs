using Microsoft.Extensions.Options;
using Orleans.Runtime.Messaging;

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>Which failures of a grain call mean that the silo went away, and how long to go on.</summary>
internal sealed class RetryPolicy(IOptions<OrleansClusterOptions> options, TimeProvider time)
{
    public long Start() => time.GetTimestamp();

    /// <summary>Whether the call may be made again: its silo or its connection is gone, the caller still waits, and time is left.</summary>
    public bool ShouldRetry(Exception error, long started, CancellationToken cancellation) =>
        !cancellation.IsCancellationRequested
        && IsLostSilo(error)
        && time.GetElapsedTime(started) < options.Value.RetryFor;

    /// <summary>Whether a failure is neither the model's word nor the caller's own cancellation, and must be put into words.</summary>
    public static bool IsOurs(Exception error, CancellationToken cancellation) =>
        error is not ServingException && !(error is OperationCanceledException && cancellation.IsCancellationRequested);

    /// <summary>What a caller is told of a failure that is not the model's.</summary>
    public static ServingException Explain(Exception error, ModelKey key) => error as ServingException ?? (error is TimeoutException
        ? new ServingException(ServingError.DeadlineExceeded, $"model '{key}' did not answer in time", error)
        : new ServingException(ServingError.Unavailable, $"model '{key}' cannot be reached now: its silo went away; try again shortly", error) { RetryAfter = TimeSpan.FromSeconds(2) });

    public Task DelayAsync(CancellationToken cancellation) => Task.Delay(options.Value.RetryDelay, time, cancellation);

    /// <summary>The failure says nothing about the model, only about the way to it.</summary>
    public static bool IsLostSilo(Exception error) => error
        is LostCallException
        or OrleansMessageRejectionException
        or ConnectionFailedException
        or ClientNotAvailableException
        or GatewayTooBusyException;
}
