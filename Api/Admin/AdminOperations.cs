using System.Globalization;
using Granary.Serving;
using Granary.Serving.Models;

namespace Granary.Api.Admin;

/// <summary>
/// Loads and warm-ups that go on after the request that started them. The newest <see cref="MaxRemembered"/> are remembered;
/// shutdown cancels those that still run. Safe for concurrent use.
/// </summary>
internal sealed partial class AdminOperations(IHostApplicationLifetime lifetime, TimeProvider time, ILogger<AdminOperations> logger)
{
    /// <summary>How many operations are remembered, running ones included.</summary>
    public const int MaxRemembered = 256;

    private readonly Lock _lock = new();
    private readonly LinkedList<OperationView> _operations = new();
    private long _lastId;

    /// <summary>Starts an operation and returns at once.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>: too many are running.</exception>
    public OperationView Start(string kind, ModelKey key, Func<CancellationToken, Task<WarmUpView>> work)
    {
        LinkedListNode<OperationView> node;
        lock (_lock)
        {
            Forget();
            var id = (++_lastId).ToString(CultureInfo.InvariantCulture);
            node = _operations.AddLast(new OperationView(id, kind, key.ToString(), "running", null, time.GetUtcNow(), null, null));
        }

        var started = node.Value;
        _ = Task.Run(() => RunAsync(node, work));
        return started;
    }

    /// <summary>One operation; null when it is unknown or forgotten.</summary>
    public OperationView? Find(string id)
    {
        lock (_lock)
            return _operations.FirstOrDefault(operation => operation.Id == id);
    }

    /// <summary>Every remembered operation, oldest first.</summary>
    public IReadOnlyList<OperationView> List()
    {
        lock (_lock)
            return [.. _operations];
    }

    private async Task RunAsync(LinkedListNode<OperationView> node, Func<CancellationToken, Task<WarmUpView>> work)
    {
        try
        {
            var result = await work(lifetime.ApplicationStopping);
            Finish(node, "succeeded", null, result);
        }
        catch (ServingException exception)
        {
            LogFailed(node.Value.Kind, node.Value.Key, exception.Message);
            Finish(node, "failed", exception.Message, null);
        }
        catch (OperationCanceledException)
        {
            Finish(node, "failed", "The service is shutting down", null);
        }
        catch (Exception exception)
        {
            LogDefect(exception, node.Value.Kind, node.Value.Key);
            Finish(node, "failed", "An unexpected fault; the log of the service says more", null);
        }
    }

    private void Finish(LinkedListNode<OperationView> node, string state, string? error, WarmUpView? result)
    {
        lock (_lock)
            node.Value = node.Value with { State = state, Error = error, Result = result, FinishedAt = time.GetUtcNow() };
    }

    private void Forget()
    {
        if (_operations.Count < MaxRemembered)
            return;
        for (var node = _operations.First; node is not null; node = node.Next)
        {
            if (node.Value.FinishedAt is null)
                continue;
            _operations.Remove(node);
            return;
        }

        throw new ServingException(ServingError.Overloaded, $"{MaxRemembered} admin operations are running; wait for some to finish (GET /admin/operations)");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Admin operation {Kind} of {Key} failed: {Reason}")]
    private partial void LogFailed(string kind, string key, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Admin operation {Kind} of {Key} failed unexpectedly")]
    private partial void LogDefect(Exception exception, string kind, string key);
}
