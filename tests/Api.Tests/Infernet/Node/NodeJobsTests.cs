using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Granary.Api.Infernet.Receipts;
using Granary.Api.Tests.EndToEnd;
using Granary.Api.Tests.Infernet.OnChain;
using Granary.Api.Tests.Infernet.Receipts;

namespace Granary.Api.Tests.Infernet.Node;

/// <summary>Jobs of a node, run by the double against the whole service over sockets.</summary>
public sealed class NodeJobsTests
{
    private const string Row = "8.3252,41,6.984127,1.02381,322,2.555556,37.88,-122.23";
    private const string Data = """{"input":{"dtype":"double","shape":[1,8],"values":[[""" + Row + "]]}}";
    private const double Price = 4.151943055154582;

    [Fact]
    public async Task OffChain_Job_Succeeds()
    {
        await using var server = await StartAsync();

        var job = await Node().RunOffChainAsync(Data, Container(server));

        Assert.Equal("success", job.Status);
        Assert.Equal(Price, Value(job.Result.Output!), 1e-6);
    }

    [Theory]
    [InlineData("{}", "400")]
    [InlineData("""{"input":{"dtype":"double","shape":[1,2],"values":[[1,2]]}}""", "500")]
    [InlineData("""{"model_id":"nobody/knows/it:x.pt","input":{"dtype":1,"shape":[1],"values":[1]}}""", "400")]
    [InlineData("""{"model_id":"missing","input":{"dtype":1,"shape":[1],"values":[1]}}""", "404")]
    public async Task OffChain_JobWithAMistake_SaysWhichAsAnyNodeExpects(string data, string code)
    {
        await using var server = await StartAsync();

        var job = await Node().RunOffChainAsync(data, Container(server));

        // To the node an error with a JSON body is an answer; only its code tells.
        Assert.Equal("success", job.Status);
        using var answer = JsonDocument.Parse(job.Result.Output!);
        Assert.Equal(["code", "name", "description"], answer.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(code, answer.RootElement.GetProperty("code").GetString());
        Assert.Null(NodeDouble.Deliver(job.Result.Output!));
    }

    [Fact]
    public async Task Stream_Job_Fails()
    {
        await using var server = await StartAsync();

        var (seen, job) = await Node().StreamAsync("id", Data, Container(server));

        Assert.Equal(("id\n", "failed"), (seen, job.Status));
        Assert.StartsWith("400", job.Result.Error);
    }

    [Fact]
    public async Task OffChain_ChainOfTwoModels_PassesTheFirstAnswerOn()
    {
        await using var first = await StartAsync();
        await using var second = await RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("twice.pt")));
        // The answer of the first is a vector, which is what a 0.1 request looks like to the second.
        var job = await Node().RunOffChainAsync(Data, Container(first, "prices"), Container(second, "twice"));

        Assert.Equal(["prices", "twice"], job.Intermediate.Select(output => output.Container));
        using var answer = JsonDocument.Parse(job.Result.Output!);
        Assert.Equal((2 * Price) + 1, answer.RootElement.GetProperty("data")[0][0].GetDouble(), 1e-6);
    }

    [Theory]
    [InlineData("secret", "success", true)]
    [InlineData("wrong", "success", false)]
    [InlineData("", "success", false)]
    public async Task OffChain_BearerIsSet_OnlyTheRightTokenIsServedAndResourcesStayOpen(string bearer, string status, bool served)
    {
        await using var server = await StartAsync("--bearer=secret");
        var container = Container(server) with { Bearer = bearer };

        var job = await Node().RunOffChainAsync(Data, container);

        Assert.Equal(status, job.Status);
        Assert.Equal(served, !job.Result.Output!.Contains("\"code\":\"401\"", StringComparison.Ordinal));
        Assert.Contains("torch-inference-service", await Client().ResourcesAsync(container));
        Assert.Equal("""{"supported":true}""", await Client().ResourcesAsync(container, "huggingface/a/b:c.torch"));
    }

    [Fact]
    public async Task OnChain_Job_DeliversInputAndOutput()
    {
        await using var server = await StartAsync();
        var request = Abi.Request1(Abi.Vector1(1, [1, 8], Abi.Row.Select(Bits)));

        var delivery = (await Node().RunOnChainAsync(Abi.Hex(request), false, Container(server)))!;

        Assert.Equal(Abi.Tuple(request, Array.Empty<byte>()), delivery.Input);
        Assert.Equal(Price, Price1(delivery.Output), 1e-6);
        Assert.Empty(delivery.Proof);
    }

    [Fact]
    public async Task OnChain_TwoNodes_DeliverTheSameBytes()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        var request = Abi.Hex(Abi.Request1(Abi.Vector1(1, [1, 8], Abi.Row.Select(Bits))));

        var deliveries = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Node().RunOnChainAsync(request, false, Container(i % 2 == 0 ? first : second))));

        Assert.Single(deliveries.Select(delivery => Abi.Hex(delivery!.Output)).Distinct());
    }

    [Fact]
    public async Task Delegated_Job_DeliversAnOnChainAnswerToAJsonRequest()
    {
        await using var server = await StartAsync();

        var delivery = (await Node().RunDelegatedAsync(Data, false, Container(server)))!;

        Assert.Equal(Abi.Tuple(Array.Empty<byte>(), Array.Empty<byte>()), delivery.Input);
        Assert.Equal(Price, Price1(delivery.Output), 1e-6);
    }

    [Fact]
    public async Task OnChain_ChainOfTwo_FirstReadsAbiAndLastWritesIt()
    {
        await using var first = await StartAsync();
        await using var second = await RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("twice.pt")));
        var request = Abi.Request1(Abi.Vector1(1, [1, 8], Abi.Row.Select(Bits)));

        var delivery = (await Node().RunOnChainAsync(Abi.Hex(request), false, Container(first), Container(second)))!;

        // A 0.1 request is answered in 0.1: (int256[]) of 18 decimals.
        var number = new System.Numerics.BigInteger(delivery.Output.AsSpan()[^64..^32], isUnsigned: false, isBigEndian: true);
        Assert.Equal((2 * Price) + 1, (double)number / 1e18, 1e-6);
    }

    [Theory]
    [InlineData("")]
    [InlineData("zz")]
    [InlineData("00")]
    public async Task OnChain_BrokenData_DeliversNothing(string hex)
    {
        await using var server = await StartAsync();

        Assert.Null(await Node().RunOnChainAsync(hex, false, Container(server)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnChain_ProofIsRequired_IsRefusedUnlessTheOperatorGivesReceipts(bool gives)
    {
        await using var server = gives ? await StartAsync("--Granary:Receipts:Enabled=true", "--Granary:Receipts:Proofs=true") : await StartAsync();
        var request = Abi.Request1(Abi.Vector1(1, [1, 8], Abi.Row.Select(Bits)));

        var delivery = await Node().RunOnChainAsync(Abi.Hex(request), true, Container(server));

        Assert.Equal(gives, delivery is not null);
        if (delivery is not null)
            await AssertProofAsync(server, delivery, request);
    }

    [Fact]
    public async Task OnChain_ReceiptsWithoutProofs_LeaveTheProofEmpty()
    {
        await using var server = await StartAsync("--Granary:Receipts:Enabled=true");
        var request = Abi.Request1(Abi.Vector1(1, [1, 8], Abi.Row.Select(Bits)));

        var (header, body) = await ReceiptHttpTests.AskAsync(server, Abi.Body(request));

        Assert.EndsWith("\"proof\":\"\"}", body);
        using var key = JsonDocument.Parse(await server.Client.GetStringAsync("/receipts/key"));
        Assert.Contains("answered with default/1", await ReceiptHttpTests.VerifyAsync(header, body, key.RootElement.GetProperty("key").GetString()!));
    }

    /// <summary>As the contract of docs/receipts.md does it.</summary>
    private static async Task AssertProofAsync(RealServer server, Delivery delivery, byte[] request)
    {
        Assert.Equal(Receipt.ProofSize, delivery.Proof.Length);
        var statement = delivery.Proof.AsSpan(0, 288);
        Assert.Equal(SHA256.HashData("granary-receipt-v1"u8), statement[..32]);
        Assert.Equal(SHA256.HashData(request), statement.Slice(4 * 32, 32));
        Assert.Equal(SHA256.HashData(RawOutput(delivery.Output)), statement.Slice(5 * 32, 32));
        using var key = JsonDocument.Parse(await server.Client.GetStringAsync("/receipts/key"));
        Assert.True(key.RootElement.GetProperty("proofs").GetBoolean());

        var recovered = await Support.NodeScript.RunAsync("""
            import { AbiCoder, concat, dataSlice, keccak256, recoverAddress, toUtf8Bytes } from "ethers";
            const proof = "0x" + process.argv[2];
            const statement = dataSlice(proof, 0, 288);
            const [r, s, v] = AbiCoder.defaultAbiCoder().decode(["bytes32", "bytes32", "uint8"], dataSlice(proof, 288));
            const digest = keccak256(concat([toUtf8Bytes("\x19Ethereum Signed Message:\n32"), keccak256(statement)]));
            console.log(recoverAddress(digest, { r, s, v: Number(v) }));
            """, Abi.Hex(delivery.Proof));
        Assert.Equal(key.RootElement.GetProperty("key").GetString(), recovered);
    }

    private static Task<RealServer> StartAsync(params string[] arguments) =>
        RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("california_housing.pt")), arguments);

    private static ContainerClient Client() => new(new SocketsHttpHandler(), "127.0.0.1");

    private static NodeDouble Node() => new(Client());

    private static NodeContainer Container(RealServer server, string id = "torch_inference_service") => new(id) { Port = server.Client.BaseAddress!.Port };

    private static System.Numerics.BigInteger Bits(double value) => BitConverter.DoubleToUInt64Bits(value);

    private static byte[] RawOutput(byte[] output) => output.AsSpan(96, int.Parse(Abi.Hex(output[88..96]), NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();

    /// <summary>The one number of a vector of generation 1.0 in a delivered output.</summary>
    private static double Price1(byte[] output) => BitConverter.Int64BitsToDouble(System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(RawOutput(output).AsSpan()[^8..]));

    private static double Value(string answer)
    {
        using var document = JsonDocument.Parse(answer);
        return document.RootElement.GetProperty("values")[0].GetDouble();
    }
}
