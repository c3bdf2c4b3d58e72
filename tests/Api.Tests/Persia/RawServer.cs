using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Granary.Api.Tests.Persia;

/// <summary>An embedding server whose answers are bytes of the test's choice. Says that it is ready and the first.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> _clients = [];
    private int _lookups;

    public RawServer()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary><c>host:port</c>.</summary>
    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>What a lookup is answered with, by its number; null closes the connection, an empty array leaves it open without an answer.</summary>
    public Func<int, byte[]?> Answer { get; set; } = _ => throw new InvalidOperationException();

    /// <summary>How many lookups came.</summary>
    public int Lookups => Volatile.Read(ref _lookups);

    /// <summary>Completes when the first lookup came.</summary>
    public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A whole answer.</summary>
    public static byte[] Http(ReadOnlySpan<byte> body, int? length = null, string status = "200 OK") =>
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {length ?? body.Length}\r\n\r\n"), .. body];

    public void Dispose()
    {
        _listener.Stop();
        foreach (var client in _clients)
            client.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _clients.Add(client);
                _ = ServeAsync(client);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            var stream = client.GetStream();
            while (await ReadRequestAsync(stream) is { } path)
            {
                var answer = path switch
                {
                    "/ready_for_serving_web_api" => Http([1]),
                    "/replica_index_web_api" => Http(new byte[8]),
                    _ => Next(),
                };
                if (answer is null)
                    break;
                await stream.WriteAsync(answer);
                // A promise of more than came can only be broken by going away.
                if (answer.Length > 0 && IsShort(answer))
                    break;
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
        }
        finally
        {
            client.Close();
        }
    }

    private byte[]? Next()
    {
        var answer = Answer(Interlocked.Increment(ref _lookups));
        Asked.TrySetResult();
        return answer;
    }

    private static bool IsShort(byte[] answer)
    {
        var text = Encoding.Latin1.GetString(answer);
        var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        return answer.Length - head < Length(text);
    }

    private static int Length(string text)
    {
        const string Name = "Content-Length: ";
        var start = text.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        return start < 0 ? 0 : int.Parse(text[(start + Name.Length)..text.IndexOf('\r', start)]);
    }

    private static async Task<string?> ReadRequestAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0)
                return null;
            head.Append((char)one[0]);
        }

        await stream.ReadExactlyAsync(new byte[Length(head.ToString())]);
        return head.ToString().Split(' ')[1];
    }
}
