using System.IO.Compression;
using System.Net;
using Google.Protobuf;
using Granary.Api.Tests.Grpc.Protos;

namespace Granary.Api.Tests.Grpc;

/// <summary>What only a broken or a hostile client sends, and limits.</summary>
public sealed class FramingTests : IAsyncLifetime
{
    private static readonly EchoMessage Hello = new() { Text = "hello" };
    private GrpcServer _server = null!;

    public async Task InitializeAsync() => _server = await GrpcServer.StartAsync("--Granary:Grpc:MaxMessageBytes=3000000");

    public async Task DisposeAsync()
    {
        Assert.Empty(_server.Errors);
        Assert.Equal(0, _server.Echo.Unreleased);
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Unary_OneMessage_IsAnswered()
    {
        var answer = await _server.Client.CallAsync("Unary", Hello);

        Assert.Equal((200, 0, "hello"), (answer.Http, answer.Status, answer.Echo.Text));
        Assert.Equal(["identity,gzip,deflate"], answer.Headers.GetValues("grpc-accept-encoding"));
        Assert.False(answer.Headers.Contains("grpc-encoding"));
    }

    [Theory]
    [InlineData("", 12, "no request message")]
    [InlineData("00", 13, "ends after 1 bytes of a message that has 5")]
    [InlineData("00000000", 13, "ends after 4 bytes of a message that has 5")]
    [InlineData("0000000001", 13, "ends after 5 bytes of a message that has 6")]
    [InlineData("00000000020A", 13, "ends after 6 bytes of a message that has 7")]
    [InlineData("00FFFFFFFF", 8, "has 4294967295 bytes; this server accepts 3000000")]
    [InlineData("00002DC6C1", 8, "has 3000001 bytes; this server accepts 3000000")]
    [InlineData("00002DC6C000", 13, "ends after 6 bytes of a message that has 3000005")]
    [InlineData("0200000000", 13, "first byte of a message is 2")]
    [InlineData("FF00000000", 13, "first byte of a message is 255")]
    [InlineData("0100000000", 13, "names no compression")]
    [InlineData("00000000000000000000", 12, "exactly one")]
    [InlineData("000000000000", 12, "exactly one")]
    [InlineData("0000000001FF", 13, "cannot be parsed")]
    [InlineData("00000000020AFF", 13, "cannot be parsed")]
    public async Task Unary_WronglyFramed_EndsWithItsStatus(string body, int status, string part)
    {
        var answer = await _server.Client.CallAsync("Unary", Convert.FromHexString(body));

        Assert.Equal((200, status), (answer.Http, answer.Status));
        Assert.Contains(part, answer.Message);
    }

    [Theory]
    [InlineData("Collect", 1)]
    [InlineData("Chat", 1)]
    public async Task Stream_BrokenSecondMessage_EndsWithInternal(string method, int status)
    {
        var answer = await _server.Client.CallAsync(method, [.. GrpcTestClient.Frame(Hello), 0, 0, 0, 0, 9, (byte)status]);

        Assert.Equal(13, answer.Status);
        Assert.Contains("ends after 6 bytes of a message that has 14", answer.Message);
    }

    [Theory]
    [InlineData("Collect", 0)]
    [InlineData("Chat", 0)]
    public async Task Stream_NoMessageAtAll_IsFine(string method, int status)
    {
        var answer = await _server.Client.CallAsync(method, []);

        Assert.Equal((200, status), (answer.Http, answer.Status));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task Unary_InPieces_IsPutTogether(int piece)
    {
        var message = new EchoMessage { Payload = ByteString.CopyFrom(Enumerable.Range(0, piece * 300).Select(i => (byte)i).ToArray()) };
        var content = new PieceContent();
        var call = _server.Client.SendAsync(GrpcTestClient.Request("/granary.test.Echo/Unary", content));
        foreach (var part in GrpcTestClient.Frame(message).Chunk(piece))
            await content.WriteAsync(part);
        content.Complete();

        using var response = await call;
        Assert.Equal(message, (await GrpcAnswer.ReadAsync(response)).Echo);
    }

    [Theory]
    [InlineData("Unary", 128 * 1024)]
    [InlineData("Raw", 128 * 1024)]
    [InlineData("Unary", (128 * 1024) + 1)]
    [InlineData("Raw", (128 * 1024) + 1)]
    [InlineData("Raw", 3_000_000)]
    public async Task Unary_AroundTheSizeThatIsGathered_ComesBack(string method, int size)
    {
        var message = new EchoMessage { Payload = ByteString.CopyFrom(new byte[size - 5]) };
        message = new EchoMessage { Payload = ByteString.CopyFrom(new byte[size - (message.CalculateSize() - (size - 5))]) };
        Assert.Equal(size, message.CalculateSize());

        var answer = await _server.Client.CallAsync(method, message);

        Assert.Equal((0, size), (answer.Status, Assert.Single(answer.Messages()).Length));
    }

    [Fact]
    public async Task Unary_LargeMessageAndMore_IsUnimplemented()
    {
        var large = GrpcTestClient.Frame(new byte[200_000]);

        Assert.Equal(12, (await _server.Client.CallAsync("Raw", [.. large, 0])).Status);
        Assert.Equal(13, (await _server.Client.CallAsync("Raw", large[..^1])).Status);
    }

    [Theory]
    [InlineData(1_499_990, 0)]
    [InlineData(1_500_000, 8)]
    public async Task Collect_AnswerAboveTheLimit_IsResourceExhausted(int half, int status)
    {
        var message = GrpcTestClient.Frame(new EchoMessage { Text = new string('x', half) });

        var answer = await _server.Client.CallAsync("Collect", [.. message, .. message]);

        Assert.Equal(status, answer.Status);
        if (status == 0)
            Assert.Equal((2 * half, 2), (answer.Echo.Text.Length, answer.Echo.Count));
        else
            Assert.Contains("this server sends 3000000", answer.Message);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Compressed_GoodMessage_IsAnsweredTheSameWay(string encoding)
    {
        var message = new EchoMessage { Text = new string('x', 5000) };
        var body = GrpcTestClient.Frame(Pack(message.ToByteArray(), encoding), flag: 1);

        var answer = await _server.Client.CallAsync("Unary", body, ("grpc-encoding", encoding), ("grpc-accept-encoding", "identity, gzip ,deflate"));

        Assert.Equal(0, answer.Status);
        Assert.Equal([encoding], answer.Headers.GetValues("grpc-encoding"));
        Assert.Equal(1, answer.Body[0]);
        Assert.Equal(message, EchoMessage.Parser.ParseFrom(Unpack(answer.Body[5..], encoding)));
    }

    [Theory]
    [InlineData("identity", "gzip")]
    [InlineData("gzip", "identity")]
    [InlineData("gzip", "deflate,xgzip")]
    public async Task Compressed_CallerDoesNotTakeIt_IsAnsweredPlain(string encoding, string accepted)
    {
        var message = new EchoMessage { Text = new string('x', 5000) };

        var answer = await _server.Client.CallAsync("Unary", message, ("grpc-encoding", encoding), ("grpc-accept-encoding", accepted));

        Assert.Equal((0, message.Text), (answer.Status, answer.Echo.Text));
        Assert.False(answer.Headers.Contains("grpc-encoding"));
    }

    [Fact]
    public async Task Compressed_UnknownEncoding_IsUnimplementedAndSaysWhatIsKnown()
    {
        var answer = await _server.Client.CallAsync("Unary", Hello, ("grpc-encoding", "br"));

        Assert.Equal((200, 12), (answer.Http, answer.Status));
        Assert.Equal(["identity,gzip,deflate"], answer.Headers.GetValues("grpc-accept-encoding"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Compressed_Damaged_IsInternal(string encoding)
    {
        var packed = Pack(new EchoMessage { Text = string.Concat(Enumerable.Range(0, 3000)) }.ToByteArray(), encoding);
        byte[][] damaged = [[], [0], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], packed[..^1], packed[..^9], packed[..(packed.Length / 2)], [.. packed[..100], 0, 0, 0, 0, .. packed[104..]]];
        foreach (var bytes in damaged)
        {
            var answer = await _server.Client.CallAsync("Raw", GrpcTestClient.Frame(bytes, flag: 1), ("grpc-encoding", encoding));
            Assert.True(answer.Status == 13, $"{bytes.Length} of {packed.Length} bytes: {answer.Status} {answer.Message}");
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Compressed_LargerThanAllowedInside_IsResourceExhausted(string encoding)
    {
        var allowed = GrpcTestClient.Frame(Pack(new byte[3_000_000], encoding), flag: 1);
        var bomb = GrpcTestClient.Frame(Pack(new byte[300_000_000], encoding), flag: 1);

        Assert.Equal(0, (await _server.Client.CallAsync("Raw", allowed, ("grpc-encoding", encoding))).Status);
        var answer = await _server.Client.CallAsync("Raw", bomb, ("grpc-encoding", encoding));
        Assert.Equal(8, answer.Status);
        Assert.Contains("3000000 bytes when decompressed", answer.Message);
    }

    [Theory]
    [InlineData("application/grpc", 200)]
    [InlineData("application/grpc+proto", 200)]
    [InlineData("application/grpc; charset=utf-8", 200)]
    [InlineData("Application/GRPC", 200)]
    [InlineData("application/json", 415)]
    [InlineData("application/grpc-web", 415)]
    [InlineData("application/grpc+json", 415)]
    [InlineData("application/grpcx", 415)]
    [InlineData(null, 415)]
    public async Task ContentType_OfACall_DecidesWhetherItIsOne(string? type, int status)
    {
        using var request = GrpcTestClient.Request("/granary.test.Echo/Unary", new ByteArrayContent(GrpcTestClient.Frame(Hello)));
        request.Content!.Headers.Remove("Content-Type");
        if (type is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);

        using var response = await _server.Client.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
        if (status == 415)
            Assert.Contains("its content type is application/grpc", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Http11_OnAMethod_SaysThatItNeedsHttp2()
    {
        using var client = new HttpClient { BaseAddress = _server.Urls[0] };
        using var content = new ByteArrayContent(GrpcTestClient.Frame(Hello));
        content.Headers.ContentType = new("application/grpc");

        using var response = await client.PostAsync("/granary.test.Echo/Unary", content);

        Assert.Equal(HttpStatusCode.UpgradeRequired, response.StatusCode);
        Assert.Equal(["h2c"], response.Headers.GetValues("Upgrade"));
        Assert.Contains("needs HTTP/2; this request came with HTTP/1.1", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/granary.test.Echo/Missing")]
    [InlineData("/granary.test.Echo")]
    [InlineData("/no.such.Service/Unary")]
    [InlineData("/")]
    [InlineData("/granary.test.Echo/Unary/more")]
    public async Task UnknownMethod_OfAnyPath_IsUnimplemented(string path)
    {
        using var response = await _server.Client.SendAsync(GrpcTestClient.Request(path, new ByteArrayContent(GrpcTestClient.Frame(Hello))));

        var answer = await GrpcAnswer.ReadAsync(response);
        Assert.Equal((200, 12), (answer.Http, answer.Status));
        Assert.Contains($"no method {path} here", answer.Message);
    }

    [Fact]
    public async Task Get_OnAMethod_IsAFailedCall()
    {
        using var request = GrpcTestClient.Request("/granary.test.Echo/Unary", new ByteArrayContent([]));
        request.Method = HttpMethod.Get;

        using var response = await _server.Client.SendAsync(request);

        var answer = await GrpcAnswer.ReadAsync(response);
        Assert.Equal((200, 2), (answer.Http, answer.Status));
        Assert.Contains("does not answer GET", answer.Message);
    }

    private static byte[] Pack(byte[] plain, string encoding)
    {
        using var packed = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(packed, CompressionLevel.Optimal) : new ZLibStream(packed, CompressionLevel.Optimal))
            stream.Write(plain);
        return packed.ToArray();
    }

    private static byte[] Unpack(byte[] packed, string encoding)
    {
        using var plain = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(new MemoryStream(packed), CompressionMode.Decompress) : new ZLibStream(new MemoryStream(packed), CompressionMode.Decompress))
            stream.CopyTo(plain);
        return plain.ToArray();
    }
}
