using Granary.Api.Tests.Support;

namespace Granary.Api.Tests.Infernet;

public class ModelSelectionTests
{
    private const string Input = "\"input\":{\"dtype\":1,\"shape\":[1],\"values\":[1]}";

    [Theory]
    [InlineData("", "default/1")]
    [InlineData("\"model_id\":null,", "default/1")]
    [InlineData("\"model_id\":\"\",", "default/1")]
    [InlineData("\"model_source\":null,\"load_args\":null,", "default/1")]
    [InlineData("\"model_id\":\"other\",", "other/2")]
    [InlineData("\"model_id\":\"other/1\",", "other/1")]
    [InlineData("\"model_id\":\"huggingface/a/b:c.torch\",", "huggingface/a/b:c.torch/0")]
    [InlineData("\"model_id\":\"huggingface\\/a/b/v1:c.torch,d.txt\",", "huggingface/a/b/v1:c.torch/0")]
    [InlineData("\"model_source\":2,\"load_args\":{\"repo_id\":\"a/b\",\"filename\":\"c.torch\"},", "huggingface/a/b:c.torch/0")]
    [InlineData("\"model_source\":\"HUGGINGFACE_HUB\",\"load_args\":{\"repo_id\":\"a/b\",\"filename\":\"c.torch\",\"version\":\"v1\",\"cache_path\":\"/x\",\"more\":[1]},", "huggingface/a/b/v1:c.torch/0")]
    [InlineData("\"load_args\":{\"filename\":\"c.torch\",\"version\":null,\"repo_id\":\"a/b\"},\"model_source\":1,", "arweave/a/b:c.torch/0")]
    [InlineData("\"model_source\":0,\"load_args\":{\"path\":\"models/a.pt\"},", "local/models/a.pt/0")]
    [InlineData("\"model_source\":0,\"load_args\":{\"model_path\":\"models/a.pt\"},", "local/models/a.pt/0")]
    public async Task ServiceOutput_ModelNamedInData_IsCalled(string selection, string key)
    {
        await using var server = await ApiServer.StartAsync(new FakeCatalog().Add("default", "1").Add("other", "2"), []);

        // Twice, because the second time the reference comes from the cache.
        for (var i = 0; i < 2; i++)
        {
            var (status, body) = await server.AskAsync($$$"""{"source":1,"data":{{{{selection}}}{{{Input}}}}}""");
            Assert.Equal((200, """{"dtype":1,"shape":[1],"values":[1.0]}"""), (status, body));
        }

        Assert.Equal([key, key], server.Cluster.Calls.Select(call => call.ToString()));
    }

    [Theory]
    [InlineData("\"model_id\":\"some/invalid-model-format\",", 400, "some")]
    [InlineData("\"model_id\":\"arweave/a/b\",", 400, "file")]
    [InlineData("\"model_id\":\"huggingface/../b:c\",", 400, "..")]
    [InlineData("\"model_id\":7,", 400, "model_id is a JSON number")]
    [InlineData("\"model_id\":\"nobody\",", 404, "'nobody'")]
    [InlineData("\"model_source\":2,", 400, "without load_args")]
    [InlineData("\"load_args\":{\"repo_id\":\"a/b\",\"filename\":\"c\"},", 400, "without model_source")]
    [InlineData("\"model_source\":9,\"load_args\":{\"repo_id\":\"a/b\",\"filename\":\"c\"},", 400, "'9'")]
    [InlineData("\"model_source\":2.5,\"load_args\":{\"repo_id\":\"a/b\",\"filename\":\"c\"},", 400, "")]
    [InlineData("\"model_source\":2,\"load_args\":{\"repo_id\":\"a/b\"},", 400, "filename")]
    [InlineData("\"model_source\":2,\"load_args\":{\"repo_id\":5,\"filename\":\"c\"},", 400, "'repo_id' is no string")]
    [InlineData("\"model_source\":2,\"load_args\":[],", 400, "load_args is a JSON array")]
    [InlineData("\"model_source\":true,\"load_args\":{},", 400, "model_source is a JSON true")]
    [InlineData("\"model_id\":\"other\",\"model_source\":2,\"load_args\":{\"repo_id\":\"a/b\",\"filename\":\"c\"},", 400, "twice")]
    public async Task ServiceOutput_ModelNamedWrongly_SaysWhat(string selection, int status, string part)
    {
        await using var server = await ApiServer.StartAsync();
        using var response = await server.PostAsync($$$"""{"source":1,"data":{{{{selection}}}{{{Input}}}}}""");

        Assert.Contains(part, await ErrorAssert.IsErrorAsync(response, status));
        Assert.Empty(server.Cluster.Calls);
    }

    [Fact]
    public async Task ServiceOutput_NoDefaultModel_SaysHowToNameOne()
    {
        await using var server = await ApiServer.StartAsync(new FakeCatalog(), []);
        using var response = await server.PostAsync($$$"""{"source":1,"data":{{{{Input}}}}}""");

        Assert.Contains("model_id", await ErrorAssert.IsErrorAsync(response, 400));
    }

    [Fact]
    public async Task ServiceOutput_EverNewModels_KeepWorking()
    {
        await using var server = await ApiServer.StartAsync();
        for (var i = 0; i < 1500; i++)
        {
            var (status, _) = await server.AskAsync($$$"""{"source":1,"data":{"model_id":"huggingface/a/b{{{i}}}:c.torch",{{{Input}}}}}""");
            Assert.Equal(200, status);
        }

        Assert.Equal(1500, server.Cluster.Calls.Distinct().Count());
    }
}
