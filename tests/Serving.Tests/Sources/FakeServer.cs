using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Granary.Serving.Tests.Sources;

internal sealed record FakeRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    public string Body { get; init; } = "";

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

internal sealed class FakeResponse
{
    public int Status { get; set; } = 200;

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public byte[] Body { get; set; } = [];

    /// <summary>Announced instead of the true length; negative for none.</summary>
    public long? DeclaredLength { get; set; }

    /// <summary>Bytes after which the connection is cut, or the body waits for <see cref="Gate"/>.</summary>
    public int? StopAfter { get; set; }

    /// <summary>When set, the body goes on after this; when not, the connection is cut.</summary>
    public Task? Gate { get; set; }
}

/// <summary>A small HTTP/1.1 server on a port of the system's choice, one request a connection, that can misbehave on the wire.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private bool _disposed;
    private readonly Task _accepting;

    public FakeServer()
    {
        _listener.Start(512);
        _accepting = AcceptAsync();
    }

    public Func<FakeRequest, FakeResponse> Handler { get; set; } = static _ => new FakeResponse { Status = 404 };

    public ConcurrentQueue<FakeRequest> Requests { get; } = [];

    /// <summary>Which requests <see cref="Requests"/> takes.</summary>
    public Func<FakeRequest, bool> IsRecorded { get; set; } = static _ => true;

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Completes with every gated response whose first part was sent.</summary>
    public SemaphoreSlim Stopped { get; } = new(0);

    public int Count(string method) => Requests.Count(request => request.Method == method);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
        Stopped.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                var stream = client.GetStream();
                if (await ReadAsync(stream) is not { } request)
                    return;
                if (IsRecorded(request))
                    Requests.Enqueue(request);
                var response = Handler(request);
                await WriteAsync(stream, request, response);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // The client went away, or the test is over.
            }
        }
    }

    private async Task<FakeRequest?> ReadAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, false, 4096, leaveOpen: true);
        var first = await reader.ReadLineAsync(_stop.Token);
        if (first is null)
            return null;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
            headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
        var body = new char[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        // Reading nothing would wait for more.
        if (body.Length > 0)
            await reader.ReadBlockAsync(body, _stop.Token);
        var words = first.Split(' ');
        return new FakeRequest(words[0], words[1], headers) { Body = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(body)) };
    }

    private async Task WriteAsync(NetworkStream stream, FakeRequest request, FakeResponse response)
    {
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {response.Status} X\r\nConnection: close\r\n");
        if (!response.Headers.ContainsKey("Content-Length") && response.DeclaredLength is null or >= 0)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {response.DeclaredLength ?? response.Body.Length}\r\n");
        foreach (var (name, value) in response.Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), _stop.Token);
        if (request.Method == "HEAD")
            return;
        var stop = Math.Min(response.StopAfter ?? response.Body.Length, response.Body.Length);
        await stream.WriteAsync(response.Body.AsMemory(0, stop), _stop.Token);
        if (response.StopAfter is null)
            return;
        Stopped.Release();
        if (response.Gate is null)
            return;
        await response.Gate.WaitAsync(_stop.Token);
        await stream.WriteAsync(response.Body.AsMemory(stop), _stop.Token);
    }
}
