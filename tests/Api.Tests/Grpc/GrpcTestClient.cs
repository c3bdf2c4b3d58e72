using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Granary.Api.Tests.Grpc.Protos;

namespace Granary.Api.Tests.Grpc;

/// <summary>A client that can also send what no gRPC client would.</summary>
internal sealed class GrpcTestClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { EnableMultipleHttp2Connections = true })
    {
        BaseAddress = address,
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromMinutes(1),
    };

    public static byte[] Frame(IMessage message) => Frame(message.ToByteArray());

    public static byte[] Frame(byte[] message, byte flag = 0, uint? length = null)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length ?? (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public static HttpRequestMessage Request(string path, HttpContent content, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return request;
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool whole = true, CancellationToken cancellation = default) =>
        _http.SendAsync(request, whole ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead, cancellation);

    /// <summary>Sends a body to a method of the echo service as it is.</summary>
    public async Task<GrpcAnswer> CallAsync(string method, byte[] body, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(Request($"/granary.test.Echo/{method}", new ByteArrayContent(body), headers));
        return await GrpcAnswer.ReadAsync(response);
    }

    public Task<GrpcAnswer> CallAsync(string method, EchoMessage message, params (string Name, string Value)[] headers) => CallAsync(method, Frame(message), headers);

    public void Dispose() => _http.Dispose();
}

/// <summary>What came back.</summary>
internal sealed record GrpcAnswer(int Http, int? Status, string Message, byte[] Body, HttpResponseHeaders Headers, HttpResponseHeaders Trailers)
{
    /// <summary>The only message.</summary>
    public EchoMessage Echo => EchoMessage.Parser.ParseFrom(Assert.Single(Messages()));

    public static async Task<GrpcAnswer> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsByteArrayAsync();
        var trailersOnly = response.Headers.Contains("grpc-status");
        if (trailersOnly)
            Assert.Empty(body);
        var source = trailersOnly ? response.Headers : response.TrailingHeaders;
        var status = source.TryGetValues("grpc-status", out var values) ? int.Parse(Assert.Single(values)) : (int?)null;
        var text = source.TryGetValues("grpc-message", out var messages) ? Uri.UnescapeDataString(Assert.Single(messages)) : "";
        if (status is not null)
            Assert.Equal("application/grpc", response.Content.Headers.ContentType?.ToString());
        return new GrpcAnswer((int)response.StatusCode, status, text, body, response.Headers, response.TrailingHeaders);
    }

    /// <summary>Every message, as it came.</summary>
    public List<byte[]> Messages()
    {
        List<byte[]> messages = [];
        for (var at = 0; at < Body.Length;)
        {
            Assert.Equal(0, Body[at]);
            var length = BinaryPrimitives.ReadInt32BigEndian(Body.AsSpan(at + 1));
            messages.Add(Body.AsSpan(at + 5, length).ToArray());
            at += 5 + length;
        }

        return messages;
    }
}
