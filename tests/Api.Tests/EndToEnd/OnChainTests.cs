using System.Net;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Granary.Api.Tests.Infernet.OnChain;
using Granary.Api.Tests.Support;
using Granary.Torch;

namespace Granary.Api.Tests.EndToEnd;

/// <summary>On-chain requests from the socket to libtorch and back, with the committed sample models.</summary>
public class OnChainTests
{
    private const double Price = 4.151943055154582;

    [Fact]
    public async Task ServiceOutput_California_AnswersThePriceInEveryGeneration()
    {
        await using var server = await RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("california_housing.pt")));

        using var first = await AskAsync(server, Abi.Body(Abi.Request1(Examples.Get("E1"))));
        AssertPrice(DType.Float64, [1], first.RootElement, Abi.Read1);

        var vector = Abi.Vector2(0, 18, 2, [1, 8], Abi.Row.Select(value => (BigInteger)BitConverter.DoubleToInt64Bits(value)));
        using var second = await AskAsync(server, Abi.Body(Abi.Request2(vector)));
        AssertPrice(DType.Float64, [1], second.RootElement, Abi.Read2);

        using var scaled = await AskAsync(server, Abi.Body(Abi.Request2(vector, 1, 6)));
        Assert.Equal(Abi.Hex(Abi.Vector2(1, 6, 3, [1], [4151943])), Text(scaled, "raw_output"));

        var words = Abi.Row.Select(value => (BigInteger)(decimal)value * 1_000_000 * 1_000_000_000_000 + (BigInteger)(((decimal)value % 1) * 1_000_000_000_000_000_000)).ToArray();
        byte[] zeroth = Abi.Tuple([words]);
        using var sd = await AskAsync(server, Abi.Body(zeroth));
        AssertPrice(DType.Float64, [1, 1], sd.RootElement, bytes => Granary.Api.Infernet.OnChain.Generation0.Read(new(bytes)));
        Assert.Equal(Abi.Hex(zeroth), Text(sd, "raw_input"));
    }

    [Fact]
    public async Task ServiceOutput_DelegatedSubscription_AnswersThePrice()
    {
        await using var server = await RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("california_housing.pt")));
        using var answer = await AskAsync(server, """{"source":1,"destination":0,"data":{"input":{"dtype":2,"shape":[1,8],"values":[8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23]},"output_arithmetic":"fixed_point","output_num_decimals":6}}""");
        Assert.Equal(Abi.Hex(Abi.Vector2(1, 6, 3, [1], [4151943])), Text(answer, "raw_output"));
        Assert.Equal("", Text(answer, "raw_input"));
    }

    [Fact]
    public async Task ServiceOutput_ModelsThatTheDataNames_PassTheAllowLists()
    {
        await using var server = await RealServer.StartAsync([], "--allow-owner=huggingface/nobody");
        var (status, text) = await server.AskAsync(Abi.Body(Examples.Get("E8")));
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("\"code\":\"403\"", text);
    }

    [Fact]
    public async Task ServiceOutput_Method_IsCalledOrRefusedByName()
    {
        await using var server = await RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("types.pt")));
        Assert.Equal(
            (HttpStatusCode.OK, """{"dtype":"double","shape":[2,1],"values":[1.5,-2.0]}"""),
            await server.AskAsync("""{"source":1,"data":{"method":"transpose","deterministic":true,"input":{"dtype":"double","shape":[1,2],"values":[[1.5,-2]]}}}"""));

        var (status, text) = await server.AskAsync("""{"source":1,"data":{"method":"predict_proba","input":{"dtype":"double","shape":[1,2],"values":[[1.5,-2]]}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        using var error = JsonDocument.Parse(text);
        Assert.Equal("400", error.RootElement.GetProperty("code").GetString());
        Assert.Contains("has no method 'predict_proba'; it has forward", error.RootElement.GetProperty("description").GetString());
    }

    /// <summary>Every curl command of the page, as a reader runs it.</summary>
    [Fact]
    public async Task ServiceOutput_CommandsOfThePage_AnswerWhatItSays()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "docs", "infernet-onchain.md"));
        var bodies = Regex.Matches(page, "service_output -d '([^']+)'").Select(match => match.Groups[1].Value).ToArray();
        Assert.Equal(4, bodies.Length);
        await using var server = await RealServer.StartAsync(RealServer.LocalModel(RealServer.Sample("california_housing.pt")));

        using var first = await AskAsync(server, bodies[0]);
        AssertPrice(DType.Float64, [1], first.RootElement, Abi.Read1);
        using var second = await AskAsync(server, bodies[1]);
        Assert.Equal(Abi.Hex(Abi.Vector2(1, 6, 3, [1], [0x3f5a87])), Text(second, "raw_output"));
        using var zeroth = await AskAsync(server, bodies[2]);
        Assert.Equal(Price, zeroth.RootElement.GetProperty("data")[0][0].GetDouble(), 1e-6);
        using var delegated = await AskAsync(server, bodies[3]);
        Assert.Contains($"\"raw_output\":\"{Text(delegated, "raw_output")![..^20]}", page);
        AssertPrice(DType.Float64, [1], delegated.RootElement, Abi.Read1);
    }

    private static void AssertPrice(DType dtype, long[] shape, JsonElement answer, Func<byte[], Tensor> read)
    {
        Assert.Equal(["raw_input", "processed_input", "raw_output", "processed_output", "proof"], answer.EnumerateObject().Select(property => property.Name));
        using var tensor = read(Abi.Bytes(answer.GetProperty("raw_output").GetString()!));
        Assert.Equal(dtype, tensor.DType);
        Assert.Equal(shape, tensor.Shape.ToArray());
        Assert.Equal(Price, tensor.As<double>()[0], 1e-6);
    }

    private static async Task<JsonDocument> AskAsync(RealServer server, string body)
    {
        await server.WaitForDefaultModelAsync("ready");
        var (status, text) = await server.AskAsync(body);
        Assert.True(status == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text);
    }

    private static string? Text(JsonDocument answer, string name) => answer.RootElement.GetProperty(name).GetString();
}
