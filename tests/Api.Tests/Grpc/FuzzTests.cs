using System.Buffers.Binary;
using System.Net.Sockets;
using Granary.Api.Grpc;
using Granary.Api.Tests.Grpc.Protos;

namespace Granary.Api.Tests.Grpc;

/// <summary>Whatever is sent, the answer is a status of the right kind, and the server serves on.</summary>
public class FuzzTests
{
    private const int Calls = 2000;
    private const int Connections = 200;

    // Fine after all, the request's own fault in one of the ways that the protocol knows, or a deadline.
    private static readonly int?[] Allowed = [0, 3, 4, 8, 12, 13];

    private static readonly string[] Methods = ["Unary", "Repeat", "Collect", "Chat", "Metadata", "Raw", "Missing"];
    private static readonly string[] Encodings = ["identity", "gzip", "deflate", "br", "", "gzip,deflate", "GZIP"];
    private static readonly string[] Timeouts = ["1S", "10S", "1n", "0m", "99999999H", "x", "-1S", "1.5S", "999999999S", "S"];
    private static readonly string[] Types = ["application/grpc", "application/grpc+proto", "application/grpc;x", "application/grpc+json", "text/plain", "application/grpc-web"];

    [Fact]
    public async Task Calls_FuzzedFromValidOnes_EndWithAFittingStatus()
    {
        await using var server = await GrpcServer.StartAsync("--Granary:Grpc:MaxMessageBytes=1000000");
        var random = new Random(20240607);
        var seen = new HashSet<int?>();
        for (var i = 0; i < Calls; i++)
        {
            var method = Methods[random.Next(Methods.Length)];
            var body = Body(random);
            using var request = GrpcTestClient.Request($"/granary.test.Echo/{method}", new ByteArrayContent(body));
            Headers(random, request);
            GrpcAnswer answer;
            try
            {
                using var response = await server.Client.SendAsync(request).WaitAsync(TimeSpan.FromSeconds(30));
                answer = await GrpcAnswer.ReadAsync(response);
            }
            catch (HttpRequestException) when (request.Headers.TryGetValues("grpc-timeout", out var timeout) && timeout.Single() is "1n" or "0m")
            {
                // Once an answer is under way, a deadline can only break it off.
                continue;
            }

            seen.Add(answer.Status);
            // A request that is no call is answered as HTTP is.
            if (GrpcHeaders.IsGrpc(request.Content!.Headers.NonValidated["Content-Type"].ToString()))
                Assert.True(answer.Http == 200 && Allowed.Contains(answer.Status), $"call {i}: {method} {Convert.ToHexString(body.AsSpan(0, Math.Min(40, body.Length)))}: HTTP {answer.Http}, status {answer.Status} {answer.Message}");
            else
                Assert.Equal((method == "Missing" ? 404 : 415, null), (answer.Http, answer.Status));
        }

        // The fuzz reaches every kind of answer, and none of them was a defect.
        Assert.Superset(new HashSet<int?> { 0, 3, 8, 12, 13, null }, seen);
        Assert.Empty(server.Errors);
        Assert.Equal(0, server.Echo.Unreleased);
        Assert.Equal("after", (await server.Client.CallAsync("Unary", new EchoMessage { Text = "after" })).Echo.Text);
    }

    [Fact]
    public async Task Connections_FuzzedFrames_AreClosedAndOthersServed()
    {
        await using var server = await GrpcServer.StartAsync();
        var random = new Random(42);
        for (var i = 0; i < Connections; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(server.Urls[0].Host, server.Urls[0].Port);
            var stream = client.GetStream();
            try
            {
                await stream.WriteAsync(Frames(random));
                client.Client.Shutdown(SocketShutdown.Send);
                await stream.CopyToAsync(Stream.Null).WaitAsync(TimeSpan.FromSeconds(30));
            }
            catch (IOException)
            {
                // Closed before everything was sent; what counts is that it was.
            }
        }

        Assert.Empty(server.Errors);
        Assert.Equal("after", (await server.Client.CallAsync("Unary", new EchoMessage { Text = "after" })).Echo.Text);
    }

    private static byte[] Body(Random random)
    {
        var message = new EchoMessage { Text = new string('t', random.Next(50)), Count = random.Next(4) };
        if (random.Next(8) == 0)
            message.Payload = Google.Protobuf.ByteString.CopyFrom(new byte[random.Next(400_000)]);
        var body = GrpcTestClient.Frame(message);
        switch (random.Next(9))
        {
            case 0: // As it is.
                return body;
            case 1: // Cut off.
                return body[..random.Next(body.Length)];
            case 2: // With something behind it.
                var more = new byte[random.Next(1, 20)];
                random.NextBytes(more);
                return [.. body, .. more];
            case 3: // Twice.
                return [.. body, .. body];
            case 4: // A wrong length.
                BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(1), (uint)random.NextInt64(uint.MaxValue + 1L));
                return body;
            case 5: // A wrong flag.
                body[0] = (byte)random.Next(256);
                return body;
            case 6: // Noise only.
                var noise = new byte[random.Next(64)];
                random.NextBytes(noise);
                return noise;
            default: // A few bytes changed.
                for (var n = random.Next(1, 5); n > 0; n--)
                    body[random.Next(Math.Min(body.Length, 60))] = (byte)random.Next(256);
                // A text of `fail` or `wait` would be an order to the service.
                return body.Length > 5 && EchoesOrders(body) ? body[..5] : body;
        }
    }

    private static bool EchoesOrders(byte[] body)
    {
        try
        {
            var message = EchoMessage.Parser.ParseFrom(body.AsSpan(5).ToArray());
            return message.Wait || message.Fail.Length > 0 || message.Count > 1000;
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return false;
        }
    }

    private static void Headers(Random random, HttpRequestMessage request)
    {
        if (random.Next(3) == 0)
            request.Headers.TryAddWithoutValidation("grpc-encoding", Encodings[random.Next(Encodings.Length)]);
        if (random.Next(3) == 0)
            request.Headers.TryAddWithoutValidation("grpc-accept-encoding", Encodings[random.Next(Encodings.Length)]);
        if (random.Next(4) == 0)
            request.Headers.TryAddWithoutValidation("grpc-timeout", Timeouts[random.Next(Timeouts.Length)]);
        if (random.Next(4) == 0)
            request.Headers.TryAddWithoutValidation("x-bytes-bin", Convert.ToBase64String(BitConverter.GetBytes(random.Next())) + "*A="[random.Next(3)]);
        if (random.Next(6) == 0)
        {
            request.Content!.Headers.Remove("Content-Type");
            request.Content.Headers.TryAddWithoutValidation("Content-Type", Types[random.Next(Types.Length)]);
        }
    }

    // The preface, sometimes damaged, and frames of which some make sense.
    private static byte[] Frames(Random random)
    {
        List<byte> bytes = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8];
        if (random.Next(6) == 0)
            bytes[random.Next(bytes.Count)] ^= (byte)random.Next(1, 256);
        bytes.AddRange([0, 0, 0, 4, 0, 0, 0, 0, 0]);
        for (var n = random.Next(1, 30); n > 0; n--)
        {
            var payload = new byte[random.Next(40)];
            random.NextBytes(payload);
            var length = random.Next(10) == 0 ? random.Next(1 << 24) : payload.Length;
            bytes.AddRange([(byte)(length >> 16), (byte)(length >> 8), (byte)length, (byte)random.Next(12), (byte)random.Next(256), 0, 0, 0, (byte)random.Next(8)]);
            bytes.AddRange(payload);
        }

        return [.. bytes];
    }
}
