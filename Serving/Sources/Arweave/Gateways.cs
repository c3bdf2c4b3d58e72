using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources.Arweave;

/// <summary>
/// The gateways in the order in which they are asked: as configured, those that lied last. One that fails is followed by the next
/// at once; when all were busy, they are asked again after a delay that grows.
/// </summary>
internal sealed partial class Gateways
{
    private readonly SourceHttpOptions _patience;
    private readonly TimeProvider _time;
    private readonly ILogger<Gateways> _log;
    private readonly Gateway[] _all;
    private readonly ConcurrentDictionary<Gateway, bool> _liars = [];

    public Gateways(SourceHttp http, IOptions<ArweaveOptions> options, IOptions<SourceHttpOptions> patience, TimeProvider time, ILogger<Gateways> log)
    {
        (_patience, _time, _log) = (patience.Value, time, log);
        _all = [.. options.Value.EffectiveGateways.Select(address => new Gateway(http, address, options.Value, time))];
    }

    /// <summary>All of them, in order.</summary>
    public IReadOnlyList<Gateway> InOrder() => [.. _all.OrderBy(_liars.ContainsKey)];

    /// <summary>Whether there is one that has not lied yet.</summary>
    public bool HasHonest => _liars.Count < _all.Length;

    /// <summary>Asks one gateway after the other until one answers.</summary>
    /// <param name="what">What is wanted, for messages.</param>
    /// <param name="order">Whom to ask.</param>
    /// <param name="ask">The question; throws <see cref="GatewayException"/>.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException">None answered: <see cref="ServingError.NotFound"/> when all say that there is no such thing.</exception>
    public async Task<T> AskAsync<T>(string what, IReadOnlyList<Gateway> order, Func<Gateway, CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        var failures = new Dictionary<Gateway, GatewayException>();
        for (var round = 1; ; round++)
        {
            foreach (var gateway in order)
            {
                if (failures.TryGetValue(gateway, out var earlier) && earlier.Fault != GatewayFault.Busy)
                    continue;
                try
                {
                    return await ask(gateway, cancellation).ConfigureAwait(false);
                }
                catch (GatewayException error)
                {
                    failures[gateway] = error;
                    Note(gateway, what, error);
                }
            }

            await WaitAsync(what, round, failures, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Notes that a gateway gave something that is not what was signed; says so once a gateway.</summary>
    public void Lied(Gateway gateway, string what, string problem)
    {
        if (_liars.TryAdd(gateway, true))
            LogLie(gateway.Name, what, problem);
        else
            LogFailure(gateway.Name, what, problem);
    }

    /// <summary>Notes what a gateway did not give.</summary>
    public void Note(Gateway gateway, string what, GatewayException error)
    {
        if (error.Fault == GatewayFault.Lied)
            Lied(gateway, what, error.Message);
        else if (error.Fault == GatewayFault.Absent)
            LogAbsent(gateway.Name, what, error.Message);
        else
            LogFailure(gateway.Name, what, error.Message);
    }

    // Returns when asking the busy ones again makes sense.
    private async Task WaitAsync(string what, int round, Dictionary<Gateway, GatewayException> failures, CancellationToken cancellation)
    {
        var busy = failures.Values.Where(static error => error.Fault == GatewayFault.Busy).ToList();
        var told = busy.Select(static error => error.RetryAfter).Min();
        if (busy.Count == 0 || round >= _patience.MaxAttempts || (busy.All(static error => error.RetryAfter is not null) && told > _patience.MaxRetryDelay))
            throw Verdict(what, failures, told);
        var own = RetryDelays.After(round, _patience.FirstRetryDelay, _patience.MaxRetryDelay);
        var delay = busy.All(static error => error.RetryAfter is not null) ? told!.Value : own;
        LogWaiting(what, round, delay.TotalSeconds);
        await Task.Delay(delay, _time, cancellation).ConfigureAwait(false);
    }

    private static ServingException Verdict(string what, Dictionary<Gateway, GatewayException> failures, TimeSpan? retryAfter)
    {
        var faults = failures.Values.Select(static error => error.Fault).Distinct().ToList();
        var code = faults is [var only] ? only switch
        {
            GatewayFault.Absent => ServingError.NotFound,
            GatewayFault.WrongOwner => ServingError.PermissionDenied,
            GatewayFault.Unverifiable => ServingError.Unsupported,
            _ => ServingError.SourceFailed,
        } : ServingError.SourceFailed;
        var causes = string.Join("; ", failures.Select(static pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key.Name}: {pair.Value.Message}")));
        return new ServingException(code, $"no Arweave gateway gave '{what}': {causes}") { RetryAfter = retryAfter };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Arweave gateway {Gateway} gave something else than was signed for {What}: {Problem}; it is asked last from now on")]
    private partial void LogLie(string gateway, string what, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Arweave gateway {Gateway} did not give {What}: {Problem}")]
    private partial void LogFailure(string gateway, string what, string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Arweave gateway {Gateway} has no {What}: {Problem}")]
    private partial void LogAbsent(string gateway, string what, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "no Arweave gateway gave {What} in round {Round}; the next is in {Seconds:F1} s")]
    private partial void LogWaiting(string what, int round, double seconds);
}
