using System.Buffers.Binary;
using Google.Protobuf;
using Granary.Api.Grpc.Protos;
using Granary.Api.Tests.Grpc;
using static Granary.Api.Tests.OpenInference.Grpc.InferenceClient;

namespace Granary.Api.Tests.OpenInference.Grpc;

/// <summary>Whatever is sent to <c>ModelInfer</c>, the answer is a status of the right kind, and the server serves on.</summary>
public sealed class InferFuzzTests(V2Bed bed) : IClassFixture<V2Bed>
{
    // Fine after all, or the request's own fault: the arguments, the name, a feature that there is not, or bytes that are no message.
    private static readonly int?[] Allowed = [0, 3, 5, 12, 13];

    private static readonly string[] Texts = ["", "simple", "echo", "INPUT0", "INT32", "FP16", "BYTES", "FP32", "BOOL", "1", "-1", "x", "é", "OUTPUT0", "classification", "shared_memory_region", "timeout", "triton_x"];
    private static readonly long[] Numbers = [0, 1, 2, -1, 16, 15, 8, 9, int.MaxValue, long.MaxValue, long.MinValue, 1L << 40];

    // FUZZ_CALLS=10000 is the acceptance run.
    private static readonly int Calls = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_CALLS"), out var calls) ? calls : 1000;

    // Calls that leave the server as it is, each with a request that it answers.
    private static readonly (string Method, IMessage Request)[] Queries =
    [
        ("ServerLive", new ServerLiveRequest()),
        ("ServerMetadata", new ServerMetadataRequest()),
        ("ModelReady", new ModelReadyRequest { Name = "simple", Version = "1" }),
        ("ModelMetadata", new ModelMetadataRequest { Name = "simple", Version = "1" }),
        ("ModelConfig", new ModelConfigRequest { Name = "echo" }),
        ("ModelStatistics", new ModelStatisticsRequest { Name = "simple", Version = "1" }),
        ("RepositoryIndex", new RepositoryIndexRequest { Ready = true }),
        ("SystemSharedMemoryStatus", new SystemSharedMemoryStatusRequest { Name = "x" }),
        ("SystemSharedMemoryRegister", new SystemSharedMemoryRegisterRequest { Name = "x", Key = "/x", ByteSize = 8 }),
        ("TraceSetting", new TraceSettingRequest { ModelName = "simple" }),
    ];

    [Fact]
    public async Task Queries_FuzzedFromValidRequests_EndWithAFittingStatus()
    {
        using var client = new InferenceClient(bed.Client.BaseAddress!);
        var random = new Random(20261121);
        var seen = new HashSet<int?>();
        for (var i = 0; i < Calls; i++)
        {
            var (method, request) = Queries[random.Next(Queries.Length)];
            var body = Damage(random, request.ToByteArray());
            var answer = await client.SendAsync(method, body).WaitAsync(TimeSpan.FromSeconds(30));
            seen.Add(answer.Status);
            Assert.True(answer.Http == 200 && Allowed.Contains(answer.Status), $"call {i}: {method} {Convert.ToHexString(body)}: {answer.Http} {answer.Status} {answer.Message}");
            if (answer.Status == 13)
                Assert.Matches("^(The request message cannot be parsed|The first byte of a message|A message is marked|The body ended|The request ended)", answer.Message);
        }

        Assert.Superset(new HashSet<int?> { 0, 3, 5, 12, 13 }, seen);
        Assert.True((await client.CallAsync<ServerReadyResponse>("ServerReady", new ServerReadyRequest())).Ready);
    }

    [Fact]
    public async Task ModelStreamInfer_FuzzedMessages_AreAnsweredInOrderOrEndTheStream()
    {
        using var client = new InferenceClient(bed.Client.BaseAddress!);
        var random = new Random(20261122);
        var answered = 0;
        for (var sent = 0; sent < Calls;)
        {
            var count = random.Next(1, 20);
            sent += count;
            var frames = Enumerable.Range(0, count).SelectMany(_ => Body(random)).ToArray();
            var answer = await client.SendAsync("ModelStreamInfer", frames).WaitAsync(TimeSpan.FromSeconds(30));
            var responses = answer.Messages().Select(ModelStreamInferResponse.Parser.ParseFrom).ToList();
            answered += responses.Count(static response => response.ErrorMessage.Length == 0);
            Assert.True(responses.Count <= count && answer.Http == 200 && answer.Status is 0 or 3 or 13, $"{Convert.ToHexString(frames)}: {answer.Http} {answer.Status} {answer.Message}");
        }

        Assert.True(answered > Calls / 100, $"{answered} requests were answered");
        Assert.Equal(2, (await client.InferAsync(Simple())).Outputs.Count);
    }

    [Fact]
    public async Task ModelInfer_FuzzedFromValidRequests_EndsWithAFittingStatus()
    {
        using var client = new InferenceClient(bed.Client.BaseAddress!);
        var random = new Random(20240608);
        var seen = new HashSet<int?>();
        for (var i = 0; i < Calls; i++)
        {
            var body = Body(random);
            var answer = await client.SendAsync("ModelInfer", body).WaitAsync(TimeSpan.FromSeconds(30));
            seen.Add(answer.Status);
            Assert.True(answer.Http == 200 && Allowed.Contains(answer.Status), $"call {i}: {Convert.ToHexString(body)}: {answer.Http} {answer.Status} {answer.Message}");
            // 13 is for bytes that are no message only, not for what the server did not expect.
            if (answer.Status == 13)
                Assert.Matches("^(The request message cannot be parsed|The first byte of a message|A message is marked|The body ended|The request ended|The model|the model)", answer.Message);
        }

        Assert.Equal([0, 3, 5, 12, 13], seen.Order());
        Assert.Equal(2, (await client.InferAsync(Simple())).Outputs.Count);
    }

    private static byte[] Body(Random random)
    {
        var request = random.Next(3) switch
        {
            0 => Simple("fuzz"),
            1 => Echo("FP32", Raw([1f, 2f, 3f, 4f]), 2, 2),
            _ => Mixed(),
        };
        if (random.Next(2) == 0)
            Rearrange(random, request);
        return Damage(random, request.ToByteArray());
    }

    private static byte[] Damage(Random random, byte[] bytes)
    {
        if (bytes.Length == 0)
            return GrpcTestClient.Frame(bytes);
        switch (random.Next(6))
        {
            case 0:
                return GrpcTestClient.Frame(bytes[..random.Next(bytes.Length)]);
            case 1 or 2:
                for (var n = random.Next(1, 6); n > 0; n--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return GrpcTestClient.Frame(bytes);
            case 3:
                var frame = GrpcTestClient.Frame(bytes);
                BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), random.Next(bytes.Length));
                return frame;
            default:
                return GrpcTestClient.Frame(bytes);
        }
    }

    private static ModelInferRequest Mixed()
    {
        var request = new ModelInferRequest { ModelName = "mixed", Inputs = { Input("x", "FP32", 1), Input("words", "BYTES", 2) } };
        request.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { 1.5f } };
        request.Inputs[1].Contents = new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8("a"), ByteString.CopyFromUtf8("b") } };
        return request;
    }

    // The message stays well-formed; what it says does not.
    private static void Rearrange(Random random, ModelInferRequest request)
    {
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            var input = request.Inputs[random.Next(request.Inputs.Count)];
            switch (random.Next(12))
            {
                case 0: request.ModelName = Text(random); break;
                case 1: request.ModelVersion = Text(random); break;
                case 2: input.Name = Text(random); break;
                case 3: input.Datatype = Text(random); break;
                case 4: input.Shape.Add(Number(random)); break;
                case 5: input.Shape[0] = Number(random); break;
                case 6: input.Parameters[Text(random)] = new InferParameter { Int64Param = Number(random) }; break;
                case 7: request.Parameters[Text(random)] = new InferParameter { StringParam = Text(random) }; break;
                case 8: request.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = Text(random), Parameters = { [Text(random)] = new InferParameter { Int64Param = Number(random) } } }); break;
                case 9: request.RawInputContents.Add(ByteString.CopyFrom(new byte[random.Next(80)])); break;
                case 10: request.RawInputContents.Clear(); break;
                default: input.Contents = new InferTensorContents { IntContents = { new int[random.Next(20)] }, BytesContents = { ByteString.CopyFromUtf8(Text(random)) } }; break;
            }
        }
    }

    private static string Text(Random random) => Texts[random.Next(Texts.Length)];

    private static long Number(Random random) => Numbers[random.Next(Numbers.Length)];
}
