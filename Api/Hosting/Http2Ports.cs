using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Granary.Api.Hosting;

/// <summary>
/// Lets one port speak HTTP/1.1 and, without TLS, HTTP/2. Kestrel fixes the protocol of a port that has no TLS, so it gets one
/// more, HTTP/2 endpoint that nobody can connect to (<see cref="Http2EndPoint"/>). A connection whose first bytes are the
/// preface of HTTP/2 (RFC 9113 section 3.4) goes through the pipeline of that endpoint, every other one through that of its own
/// port: requests of HTTP/1.1 cost nothing more, a connection of it one look at bytes that are read anyway.
/// </summary>
internal sealed class Http2Ports(TimeProvider time)
{
    private readonly TaskCompletionSource<ConnectionDelegate> _http2 = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the preface begins with; no request of HTTP/1 does.</summary>
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n"u8;

    /// <summary>Opens the endpoint that processes the connections; <see cref="Http2EndPointFactory"/> must be registered.</summary>
    public void Open(KestrelServerOptions kestrel) => kestrel.Listen(Http2EndPoint.Instance, listen =>
    {
        listen.Protocols = HttpProtocols.Http2;
        listen.Use(next =>
        {
            _http2.TrySetResult(next);
            return next;
        });
    });

    /// <summary>Makes a port speak both.</summary>
    public void Share(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        var patience = listen.KestrelServerOptions.Limits.KeepAliveTimeout;
        listen.Use(http1 => connection => RunAsync(connection, http1, patience));
    }

    private async Task RunAsync(ConnectionContext connection, ConnectionDelegate http1, TimeSpan patience)
    {
        bool? isHttp2;
        try
        {
            isHttp2 = await LooksLikeHttp2Async(connection, patience);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Silent for too long, gone, or the server stops: there is no request to answer.
            return;
        }

        if (isHttp2 is { } known)
            await (known ? await _http2.Task : http1)(connection);
    }

    /// <summary>Null when the connection ends before it says anything.</summary>
    internal async ValueTask<bool?> LooksLikeHttp2Async(ConnectionContext connection, TimeSpan patience)
    {
        var input = connection.Transport.Input;
        long examined = 0;
        if (input.TryRead(out var result) && Look(input, result, ref examined) is { } atOnce)
            return atOnce;
        using var timer = new CancellationTokenSource(patience, time);
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var stop = closing.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timer);
        while (true)
        {
            result = await input.ReadAsync(timer.Token);
            if (Look(input, result, ref examined) is { } answer)
                return answer;
            if (result.IsCompleted || result.IsCanceled)
                return null;
        }
    }

    // Consumes nothing. Null while what came could still become either.
    private static bool? Look(PipeReader input, in ReadResult result, ref long examined)
    {
        var buffer = result.Buffer;
        Span<byte> first = stackalloc byte[Preface.Length];
        first = first[..(int)Math.Min(buffer.Length, first.Length)];
        buffer.Slice(0, first.Length).CopyTo(first);
        bool? answer = first.SequenceEqual(Preface) ? true : Preface.StartsWith(first) ? null : false;
        // Half a preface and nothing behind it is for HTTP/1 to refuse.
        if (answer is null && result.IsCompleted && first.Length > 0)
            answer = false;
        // Whoever reads next gets all of it at once, unless a part was waited behind: a pipe allows no going back.
        examined = answer is null ? buffer.Length : examined;
        input.AdvanceTo(buffer.Start, buffer.GetPosition(examined));
        return answer;
    }
}
