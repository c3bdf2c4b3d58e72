using System.Text.Json;
using Granary.Api.Tests.Support;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Tests.Infernet;

/// <summary>The curl examples of the seeds. A node passes what stands under "data" on, inside its own envelope.</summary>
public class CurlExamplesTests
{
    private const string HousingData = """{"model_source": 1, "load_args": {"repo_id": "your_org/model", "filename": "california_housing.torch", "version": "v1"}, "inputs": {"input": {"values": [[8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23]], "shape": [1, 8], "dtype": "double"}}}""";

    // Seed 000, cURL and CLI: what the node makes of it for an off-chain job.
    [Theory]
    [InlineData("""{"source":1,"destination":1,"data":DATA,"requires_proof":false}""")]
    [InlineData("""{"source": 1, "data": DATA}""")]
    [InlineData("""{"requires_proof":false,"data":DATA,"destination":1,"source":1,"more":[{}]}""")]
    public async Task ServiceOutput_Seed000Request_AnswersTheHousePrice(string envelope)
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Returns(FakeCluster.Housing);

        var (status, body) = await server.AskAsync(envelope.Replace("DATA", HousingData));

        Assert.Equal(200, status);
        using var document = JsonDocument.Parse(body);
        Assert.Equal(["dtype", "shape", "values"], document.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal("double", document.RootElement.GetProperty("dtype").GetString());
        Assert.Equal("[1]", document.RootElement.GetProperty("shape").GetRawText());
        Assert.Equal(4.151943055154582, document.RootElement.GetProperty("values")[0].GetDouble(), 6);
        Assert.Equal("arweave/your_org/model/v1:california_housing.torch/0", Assert.Single(server.Cluster.Calls).ToString());
    }

    // Seed 000, delegated subscription: the answer goes on-chain.
    [Fact]
    public async Task ServiceOutput_Seed000DelegatedSubscription_AnswersTheFiveKeys()
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Returns(_ => Tensor.From<double>(DType.Float64, [1], [4.151943055154582]));

        var (status, body) = await server.AskAsync($$"""{"source":1,"destination":0,"data":{{HousingData}},"requires_proof":false}""");

        Assert.Equal(200, status);
        using var document = JsonDocument.Parse(body);
        Assert.Equal(["raw_input", "processed_input", "raw_output", "processed_output", "proof"], document.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Equal(Convert.ToHexStringLower(OnChain.Examples.Get("E3")), document.RootElement.GetProperty("raw_output").GetString());
        Assert.Equal("arweave/your_org/model/v1:california_housing.torch/0", Assert.Single(server.Cluster.Calls).ToString());
    }

    // Seed 001, curl as written: 69 numbers, an emoji in an extra key.
    [Fact]
    public async Task ServiceOutput_Seed001Request_AnswersTheRow()
    {
        await using var server = await ApiServer.StartAsync();
        Tensor? seen = null;
        server.Cluster.Returns(input =>
        {
            seen = FakeCluster.Copy(input);
            return Tensor.From<double>(DType.Float64, [1, 2], [0.25, -1.5]);
        });

        var (status, body) = await server.AskAsync(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Infernet", "golden", "seed001.request.json")));

        Assert.Equal((200, """{"data":[[0.25,-1.5]]}"""), (status, body));
        Assert.NotNull(seen);
        Assert.Equal(DType.Float64, seen.DType);
        Assert.Equal([1L, 69L], seen.Shape.ToArray());
        Assert.Equal(0.40234944224357605, seen.As<double>()[0]);
        Assert.Equal(0.00097266974626109, seen.As<double>()[^1]);
        Assert.Equal(new ModelKey("default", "1"), Assert.Single(server.Cluster.Calls));
    }
}
