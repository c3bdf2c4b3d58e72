using Granary.Api.Infernet.OnChain;
using Granary.Api.Tests.Support;
using Granary.Torch;

namespace Granary.Api.Tests.Infernet.OnChain;

/// <summary>On-chain requests and answers over HTTP; the model returns its input unless a test says otherwise.</summary>
public class OnChainHttpTests
{
    private const string JsonVector1 = """{"input":{"dtype":"double","shape":[1,2],"values":[[1.5,-2.25]]}}""";
    private const string JsonVector2 = """{"input":{"dtype":1,"shape":[2],"values":[1.5,-2.25]}OPTIONS}""";

    [Theory]
    [InlineData("E2", "E1")]
    [InlineData("E4", null)]
    [InlineData("E8", null)]
    [InlineData("E9", "E6b")]
    [InlineData("E11", "E11")]
    public async Task ServiceOutput_Example_AnswersTheFiveKeysInItsGeneration(string request, string? output)
    {
        var data = Examples.Get(request);
        var expected = output is null ? data[^(request == "E4" ? 288 : 544)..] : Examples.Get(output);
        await using var server = await ApiServer.StartAsync();

        var answer = await server.AskAsync(Abi.Body(data));

        Assert.Equal((200, FiveKeys(Abi.Hex(data), Abi.Hex(expected))), answer);
    }

    [Theory]
    [InlineData("""{"source":0,"data":"DATA"}""")]
    [InlineData("""{"source":0,"destination":null,"data":"0xDATA"}""")]
    [InlineData("""{"data":"0XDATA","destination":0,"source":0}""")]
    [InlineData("""{"source":0,"destination":0,"data":" \tDATA\n "}""")]
    [InlineData("""{"source":0,"destination":0,"data":"\u0030xDATA"}""")]
    [InlineData("""{"source":0,"destination":0,"data":{"input":{"dtype":1,"shape":[1],"values":[1]}},"data":"DATA"}""")]
    public async Task ServiceOutput_FormsOfTheEnvelope_AreServed(string body)
    {
        var data = Abi.Hex(Examples.Get("E9"));
        await using var server = await ApiServer.StartAsync();

        Assert.Equal((200, FiveKeys(data, Abi.Hex(Examples.Get("E6b")))), await server.AskAsync(body.Replace("DATA", data)));
        Assert.Equal((200, FiveKeys(data, Abi.Hex(Examples.Get("E6b")))), await server.AskAsync(body.Replace("DATA", data.ToUpperInvariant())));
    }

    /// <summary>Seed 000 sends <c>abi.encodePacked(inputs, randomness)</c>; whatever follows is echoed and not read.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(1000)]
    public async Task ServiceOutput_BytesBehindTheRequest_AreIgnored(int count)
    {
        await using var server = await ApiServer.StartAsync();
        foreach (var (request, output) in new[] { ("E2", "E1"), ("E9", "E6b"), ("E11", "E11") })
        {
            byte[] data = [.. Examples.Get(request), .. Enumerable.Repeat((byte)0xA5, count)];
            Assert.Equal((200, FiveKeys(Abi.Hex(data), Abi.Hex(Examples.Get(output)))), await server.AskAsync(Abi.Body(data)));
        }
    }

    [Theory]
    [InlineData("E2", """{"dtype":"double","shape":[1,8],"values":[8.3252,41.0,6.984127,1.02381,322.0,2.555556,37.88,-122.23]}""")]
    [InlineData("E4", """{"dtype":"int8","shape":[3],"values":[1,-2,3]}""")]
    [InlineData("E9", """{"dtype":1,"shape":[2],"values":[1.5,-2.25]}""")]
    [InlineData("E11", """{"data":[[1.5,-0.25]]}""")]
    public async Task ServiceOutput_FirstOfAChain_AnswersJsonInItsGeneration(string request, string answer)
    {
        await using var server = await ApiServer.StartAsync();
        Assert.Equal((200, answer), await server.AskAsync(Abi.Body(Examples.Get(request), destination: 1)));
    }

    // Nodes of the time of 0.1 send no destination; what they get they deliver as text.
    [Fact]
    public async Task ServiceOutput_Generation0WithoutDestination_AnswersItsJson()
    {
        await using var server = await ApiServer.StartAsync();
        var deterministic = new List<bool>();
        server.Cluster.Model = (_, request, _) =>
        {
            deterministic.Add(request.Deterministic);
            return new(Tensor.From<double>(DType.Float64, [2, 1], [0.25, -1.5]));
        };
        var data = Abi.Hex(Examples.Get("E11"));
        Assert.Equal((200, """{"data":[[0.25],[-1.5]]}"""), await server.AskAsync($$"""{"source":0,"data":"{{data}}"}"""));
        Assert.Equal([true], deterministic);
    }

    [Theory]
    [InlineData(JsonVector1, false, 0)]
    [InlineData("""{"inputs":{"input":{"dtype":"double","shape":[1,2],"values":[[1.5,-2.25]]}},"output_arithmetic":"fixed_point"}""", false, 0)]
    [InlineData(JsonVector2, true, 0)]
    [InlineData(JsonVector2, true, 6, ""","output_num_decimals":6""")]
    [InlineData(JsonVector2, true, -18, ""","output_arithmetic":"fixed_point" """)]
    [InlineData(JsonVector2, true, -18, ""","output_arithmetic":1,"output_num_decimals":0""")]
    [InlineData(JsonVector2, true, -6, ""","output_arithmetic":"fixed_point","output_num_decimals":6""")]
    [InlineData(JsonVector2, true, 0, ""","output_arithmetic":"fixed_point","output_arithmetic":null,"output_num_decimals":null""")]
    public async Task ServiceOutput_DelegatedSubscription_AnswersOnChain(string data, bool second, int scale, string options = "")
    {
        await using var server = await ApiServer.StartAsync();

        var answer = await server.AskAsync($$"""{"source":1,"destination":0,"data":{{data.Replace("OPTIONS", options)}},"requires_proof":false}""");

        var unit = System.Numerics.BigInteger.Pow(10, Math.Abs(scale));
        var expected = (second, scale) switch
        {
            (false, _) => Abi.Vector1(1, [1, 2], [BitConverter.DoubleToUInt64Bits(1.5), BitConverter.DoubleToUInt64Bits(-2.25)]),
            (true, < 0) => Abi.Vector2(1, -scale, 3, [2], [unit * 3 / 2, unit * -9 / 4]),
            _ => Abi.Vector2(0, scale == 0 ? 18 : scale, 1, [2], [BitConverter.SingleToInt32Bits(1.5f), BitConverter.SingleToInt32Bits(-2.25f)]),
        };
        Assert.Equal((200, FiveKeys("", Abi.Hex(expected))), answer);
    }

    [Fact]
    public async Task ServiceOutput_DelegatedSubscriptionOfGeneration0_AnswersSd59X18()
    {
        await using var server = await ApiServer.StartAsync();
        Assert.Equal(
            (200, FiveKeys("", Abi.Hex(Examples.Get("E11")))),
            await server.AskAsync("""{"source":1,"destination":0,"data":{"dtype":"float","values":[[1.5,-0.25]]}}"""));
    }

    [Theory]
    [InlineData(new object[] { }, 0, 18)]
    [InlineData(new object[] { 0 }, 0, 18)]
    [InlineData(new object[] { 1 }, 1, 18)]
    [InlineData(new object[] { 0, 9 }, 0, 9)]
    [InlineData(new object[] { 1, 0 }, 1, 18)]
    [InlineData(new object[] { 1, 2 }, 1, 2)]
    public async Task ServiceOutput_OutputWordsOfTheHead_AreHonoured(object[] options, int arithmetic, int scale)
    {
        await using var server = await ApiServer.StartAsync();
        var data = Abi.Request2(Examples.Get("E6b"), options);

        var answer = await server.AskAsync(Abi.Body(data));

        var unit = System.Numerics.BigInteger.Pow(10, scale);
        var expected = arithmetic == 0
            ? Abi.Vector2(0, scale, 1, [2], [BitConverter.SingleToInt32Bits(1.5f), BitConverter.SingleToInt32Bits(-2.25f)])
            : Abi.Vector2(1, scale, 3, [2], [unit * 3 / 2, unit * -9 / 4]);
        Assert.Equal((200, FiveKeys(Abi.Hex(data), Abi.Hex(expected))), answer);
    }

    // The original labels the answer with the input's dtype and fails or lies; here it is the output's own.
    [Fact]
    public async Task ServiceOutput_OutputOfAnotherDType_SaysItsOwn()
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Returns(_ => Tensor.From<long>(DType.Int64, [1], [-7]));
        var (_, body) = await server.AskAsync(Abi.Body(Examples.Get("E2")));
        Assert.Equal(FiveKeys(Abi.Hex(Examples.Get("E2")), Abi.Hex(Abi.Vector1(10, [1], [-7]))), body);
    }

    [Theory]
    [InlineData("E2", "arweave/your_org/model/v1:california_housing.torch/0")]
    [InlineData("E4", "default/1")]
    [InlineData("E8", "huggingface/Ritual-Net/california-housing:california_housing.torch/0")]
    [InlineData("E9", "default/1")]
    [InlineData("E11", "default/1")]
    public async Task ServiceOutput_Model_IsTheOneThatTheDataNames(string request, string key)
    {
        await using var server = await ApiServer.StartAsync();
        for (var i = 0; i < 2; i++)
            Assert.Equal(200, (await server.AskAsync(Abi.Body(Examples.Get(request)))).Status);
        Assert.Equal([key, key], server.Cluster.Calls.Select(call => call.ToString()));
    }

    [Theory]
    [InlineData(2, "o", "n", "", "model.pt", "huggingface/o/n:model.pt/0")]
    [InlineData(2, "o", "n", "main", "model.pt,other.txt", "huggingface/o/n/main:model.pt/0")]
    [InlineData(2, "o", "n", "refs/pr/1", "model.pt", "huggingface/o/n/refs/pr/1:model.pt/0")]
    [InlineData(1, "o", "n", "1.0", "model.pt", "arweave/o/n/1.0:model.pt/0")]
    [InlineData(0, "o", "n", "1.0", "model.pt", "local/o/n/1.0:model.pt/0")]
    public void FromModelId_Parts_AreTheIdOfTheText(int storage, string owner, string name, string version, string files, string key) =>
        Assert.Equal(key, ChainModels.FromModelId(new AbiReader(Abi.ModelId(storage, owner, name, version, files))).Key.ToString());

    [Fact]
    public async Task ServiceOutput_Calls_AreDeterministicOnChain()
    {
        await using var server = await ApiServer.StartAsync();
        var calls = new List<(string, bool)>();
        server.Cluster.Model = (_, request, _) =>
        {
            calls.Add((request.Method, request.Deterministic));
            return new(FakeCluster.Copy((Tensor)request.Inputs[0].Value));
        };

        foreach (var body in new[]
        {
            Abi.Body(Examples.Get("E9")), Abi.Body(Examples.Get("E9"), destination: 1),
            $$"""{"source":1,"destination":0,"data":{{JsonVector1}}}""", $$"""{"source":1,"data":{{JsonVector1}}}""",
            OffChain("\"deterministic\":true"), OffChain("\"deterministic\":false"), OffChain("\"deterministic\":null"),
            """{"source":1,"destination":0,"data":{"deterministic":false,"method":"predict","dtype":"float","values":[[1]]}}""",
            OffChain("\"method\":\"predict_proba\",\"deterministic\":true"), OffChain("\"method\":\"forward\""), OffChain("\"method\":null"),
        })
        {
            Assert.Equal((200, body), ((await server.AskAsync(body)).Status, body));
        }

        Assert.Equal(
            [("forward", true), ("forward", false), ("forward", true), ("forward", false), ("forward", true), ("forward", false), ("forward", false), ("predict", true), ("predict_proba", true), ("forward", false), ("forward", false)],
            calls);
    }

    [Theory]
    [InlineData("\"method\":1")]
    [InlineData("\"method\":\"\"")]
    [InlineData("\"method\":\"a b\"")]
    [InlineData("\"method\":\"1a\"")]
    [InlineData("\"method\":\"a\\u0062\"")]
    [InlineData("\"method\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"")]
    [InlineData("\"deterministic\":1")]
    [InlineData("\"deterministic\":\"yes\"")]
    public async Task ServiceOutput_WrongCallOptions_AreRefused(string property)
    {
        await using var server = await ApiServer.StartAsync();
        using var response = await server.PostAsync(OffChain(property));
        Assert.StartsWith(property[1..property.IndexOf('"', 1)] + " is n", await ErrorAssert.IsErrorAsync(response, 400));
        Assert.Empty(server.Cluster.Calls);
    }

    [Theory]
    [InlineData("E2", DType.UInt16, "uint16 tensor, which no on-chain vector of generation 1.0")]
    [InlineData("E2", DType.Complex32, "complex32")]
    [InlineData("E9", DType.Complex32, "complex32")]
    [InlineData("E11", DType.Complex64, "complex64")]
    public async Task ServiceOutput_InexpressibleDType_SaysWhich(string request, DType returned, string part)
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Returns(_ => Tensor.Rent(returned, [1]));
        using var response = await server.PostAsync(Abi.Body(Examples.Get(request)));
        Assert.Contains(part, await ErrorAssert.IsErrorAsync(response, 400));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1.8e20)]
    public async Task ServiceOutput_ValueThatFixedPointCannotHold_SaysWhich(double value)
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Returns(_ => Tensor.From<double>(DType.Float64, [2], [1, value]));
        using var response = await server.PostAsync(Abi.Body(Abi.Request2(Examples.Get("E6b"), 1)));
        Assert.Contains("element 1 does not fit int128", await ErrorAssert.IsErrorAsync(response, 400));
    }

    [Fact]
    public async Task ServiceOutput_SizeOverSixteenBits_SaysWhich()
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Returns(_ => Tensor.Rent(DType.UInt8, [65536]));
        using var response = await server.PostAsync(Abi.Body(Examples.Get("E9")));
        Assert.Contains("[65536]", await ErrorAssert.IsErrorAsync(response, 400));
    }

    [Fact]
    public async Task ServiceOutput_NoTensor_SaysWhatItIs()
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Returns(_ => new TupleValue([]));
        using var response = await server.PostAsync(Abi.Body(Examples.Get("E11")));
        Assert.Contains("The model returned a Tuple", await ErrorAssert.IsErrorAsync(response, 400));
    }

    [Fact]
    public async Task ServiceOutput_LargeVector_IsServed()
    {
        const int Count = 50_000;
        await using var server = await ApiServer.StartAsync();
        var vector = Abi.Vector1(10, [Count / 2, 2], Enumerable.Range(0, Count).Select(i => (System.Numerics.BigInteger)(i - 1000)));
        var data = Abi.Request1(vector);
        Assert.Equal((200, FiveKeys(Abi.Hex(data), Abi.Hex(vector))), await server.AskAsync(Abi.Body(data)));
    }

    private static string OffChain(string property) => "{\"source\":1,\"data\":{" + property + ",\"dtype\":\"float\",\"values\":[[1]]}}";

    private static string FiveKeys(string rawInput, string rawOutput) =>
        $$"""{"raw_input":"{{rawInput}}","processed_input":"","raw_output":"{{rawOutput}}","processed_output":"","proof":""}""";
}
