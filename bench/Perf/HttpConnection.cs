using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Granary.Bench.Perf;

/// <summary>HTTP/1.1 on a bare socket, so that the client takes little of the cores that it shares with the server.</summary>
internal sealed class HttpConnection(Socket socket, byte[] request) : IConnection
{
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(256 * 1024);

    public static async Task<HttpConnection> OpenAsync(Arguments arguments, byte[] body, int headerBytes)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(arguments.Host, arguments.Port);
        var model = arguments.Version.Length > 0 ? $"{arguments.Model}/versions/{arguments.Version}" : arguments.Model;
        var type = headerBytes > 0 ? $"application/octet-stream\r\nInference-Header-Content-Length: {headerBytes}" : "application/json";
        var path = arguments.Path ?? $"/v2/models/{model}/infer";
        var head = $"POST {path} HTTP/1.1\r\nHost: {arguments.Host}:{arguments.Port}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n";
        return new HttpConnection(socket, [.. Encoding.ASCII.GetBytes(head), .. body]);
    }

    public async Task<bool> AskAsync(CancellationToken cancellation)
    {
        for (var sent = 0; sent < request.Length;)
            sent += await socket.SendAsync(request.AsMemory(sent), cancellation);
        var filled = 0;
        int end;
        while ((end = _buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
            filled += await ReceiveAsync(_buffer.AsMemory(filled), cancellation);
        var (ok, length) = Head(_buffer.AsSpan(0, end));
        for (var left = length - (filled - end - 4); left > 0;)
            left -= await ReceiveAsync(_buffer, cancellation);
        return ok;
    }

    public void Dispose() => socket.Dispose();

    private async ValueTask<int> ReceiveAsync(Memory<byte> target, CancellationToken cancellation) =>
        await socket.ReceiveAsync(target, cancellation) is > 0 and var read ? read : throw new IOException("the server closed the connection");

    private static (bool Ok, long Length) Head(ReadOnlySpan<byte> head)
    {
        var ok = head.Length > 12 && head[9] == '2';
        foreach (var range in head.Split("\r\n"u8))
        {
            var line = head[range];
            var colon = line.IndexOf((byte)':');
            if (colon == 14 && Ascii.EqualsIgnoreCase(line[..colon], "content-length"u8))
                return (ok, long.Parse(line[(colon + 1)..].Trim((byte)' '), CultureInfo.InvariantCulture));
        }

        throw new IOException("the answer has no Content-Length; chunked answers are not read here");
    }
}
