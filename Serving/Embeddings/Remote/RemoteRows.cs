using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Embeddings.Remote;

/// <summary>
/// Embeddings in Persia's parameter servers, or other instances of this service, elsewhere: each sign in the server that farmhash
/// assigns it to. A batch costs one call to each server, all at once. Source: PersiaML/PERSIA,
/// <c>rust/persia-embedding-server/src/embedding_worker_service/mod.rs</c>.
/// </summary>
public sealed class RemoteRows : IEmbeddingRows, IDisposable
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(1);
    private readonly HttpMessageInvoker _client;
    private readonly RemoteServer[] _servers;
    private readonly RemoteRowsOptions _options;
    private readonly TimeProvider _time;
    private volatile string? _reason = "the embedding servers were not asked yet";

    /// <param name="servers"><c>host:port</c> each, in the order of their replica indices.</param>
    /// <param name="options">How to call them; null for the defaults.</param>
    /// <param name="time">Null for the system's.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: none, too many, or one is no address.</exception>
    public RemoteRows(IReadOnlyList<string> servers, RemoteRowsOptions? options = null, TimeProvider? time = null)
    {
        if (servers.Count is 0 or > ushort.MaxValue)
            throw new ServingException(ServingError.InvalidArgument, $"{servers.Count} embedding servers are configured; expected 1 to {ushort.MaxValue}");
        _options = options ?? new RemoteRowsOptions();
        _time = time ?? TimeProvider.System;
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = _options.Timeout,
            PooledConnectionIdleTimeout = IdleTime,
            // No headers for tracing: nobody there reads them, and they are longer than some answers.
            ActivityHeadersPropagator = null,
        });
        try
        {
            _servers = [.. servers.Select(address => new RemoteServer(address, _client))];
        }
        catch
        {
            _client.Dispose();
            throw;
        }
    }

    /// <summary>Whether all servers were ready, once; from then on each lookup finds out by itself.</summary>
    public bool IsReady => _reason is null;

    /// <summary>Which server is not, and why; null when ready.</summary>
    public string? Reason => _reason;

    /// <summary>Asks all servers whether they are ready and where they stand, again and again until all are and stand where they should.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken cancellation)
    {
        while (!await CheckAsync(cancellation))
            await Task.Delay(_options.PollInterval, _time, cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask LookupAsync(ReadOnlyMemory<RowGroup> groups, CancellationToken cancellationToken)
    {
        if (_reason is { } reason)
            throw new ServingException(ServingError.Unavailable, reason) { RetryAfter = _options.PollInterval };
        using var lookup = new RemoteLookup(groups, _servers.Length);
        using var patience = new CancellationTokenSource(_options.Timeout, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var failures = new Failures(stop);
        var calls = new Task[_servers.Length];
        for (var i = 0; i < calls.Length; i++)
            calls[i] = CallAsync(i, lookup, failures, stop.Token);
        // Even after a failure: the others still write into the memory of this lookup.
        await Task.WhenAll(calls);
        cancellationToken.ThrowIfCancellationRequested();
        failures.Throw();
        lookup.Scatter();
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _client.Dispose();

    private async Task CallAsync(int server, RemoteLookup lookup, Failures failures, CancellationToken stop)
    {
        var request = lookup.Request(server);
        if (request.IsEmpty)
            return;
        try
        {
            await _servers[server].LookupAsync(request, lookup.Answer(server), stop);
        }
        catch (OperationCanceledException)
        {
            failures.Add(Late(server));
        }
        catch (Exception error)
        {
            failures.Add(error);
        }
    }

    private async Task<bool> CheckAsync(CancellationToken cancellation)
    {
        var faults = await Task.WhenAll(_servers.Select((_, i) => FaultAsync(i, cancellation)));
        return (_reason = faults.FirstOrDefault(static fault => fault is not null)) is null;
    }

    private async Task<string?> FaultAsync(int server, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(_options.Timeout, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await _servers[server].CheckAsync(server, stop.Token);
        }
        catch (ServingException error)
        {
            return error.Message;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Late(server).Message;
        }
    }

    private ServingException Late(int server) =>
        new(ServingError.Unavailable, $"embedding server '{_servers[server].Address}' did not answer within {_options.Timeout.TotalSeconds} s");

    // The first failure counts and ends the other calls, whose own ends then say nothing.
    private sealed class Failures(CancellationTokenSource stop)
    {
        private Exception? _first;

        public void Add(Exception error)
        {
            if (Interlocked.CompareExchange(ref _first, error, null) is null)
                stop.Cancel();
        }

        public void Throw()
        {
            if (_first is { } error)
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
        }
    }
}
