using System.Net;
using System.Text.Json;
using Granary.Api.Hosting;
using Granary.Api.Infernet;
using Granary.Api.Tests.Support;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Api.Tests.Infernet;

public class ServiceResourcesTests
{
    [Theory]
    [InlineData("/service-resources")]
    [InlineData("/service-resources?model_id=")]
    public async Task Get_NoModel_DescribesHostAndTorch(string path)
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Statuses.Add(new ModelStatus { Key = ModelKey.Parse("huggingface/a/b:c.torch/0"), State = ModelState.Ready, Sha256 = "ab12" });
        server.Cluster.Statuses.Add(new ModelStatus { Key = new ModelKey("default", "1"), State = ModelState.Ready });
        server.Cluster.Statuses.Add(new ModelStatus { Key = ModelKey.Parse("huggingface/a/failed:c.torch/0"), State = ModelState.Failed });

        using var document = await GetAsync(server, path);

        var root = document.RootElement;
        Assert.Equal("0.1.0", root.GetProperty("version").GetString());
        Assert.Equal("torch-inference-service", root.GetProperty("service_id").GetString());
        var hardware = root.GetProperty("hardware_capabilities")[0];
        Assert.Equal("base", hardware.GetProperty("capability_id").GetString());
        Assert.Equal("Linux", hardware.GetProperty("os_info").GetProperty("name").GetString());
        Assert.NotEqual("", hardware.GetProperty("os_info").GetProperty("version").GetString());
        var cpu = hardware.GetProperty("cpu_info");
        Assert.Equal(cpu.GetProperty("cores").GetArrayLength(), cpu.GetProperty("num_cores").GetInt32());
        Assert.True(cpu.GetProperty("num_cores").GetInt32() >= Environment.ProcessorCount);
        Assert.Equal(0, cpu.GetProperty("cores")[0].GetProperty("id").GetInt32());
        Assert.Equal(JsonValueKind.Null, cpu.GetProperty("cores")[0].GetProperty("max_frequency").ValueKind);
        Assert.Contains(hardware.GetProperty("disk_info").EnumerateArray(), disk => disk.GetProperty("size").GetInt64() > 0 && disk.GetProperty("mount_point").GetString()!.StartsWith('/'));
        var compute = Assert.Single(root.GetProperty("compute_capability").EnumerateArray());
        Assert.Equal(("ml", "torch"), (compute.GetProperty("id").GetString(), compute.GetProperty("type").GetString()));
        Assert.Equal(2, compute.GetProperty("cached_models").GetArrayLength());
        var cached = compute.GetProperty("cached_models")[0];
        Assert.Equal("huggingface/a/b", cached.GetProperty("repo_id").GetString());
        Assert.Equal("""{"files":["c.torch"],"metadata":{},"artifact_type":"ModelArtifact","file_hashes":{"c.torch":"ab12"}}""", cached.GetProperty("manifest").GetRawText());
        Assert.Equal(("libtorch", TorchRuntime.Version), (compute.GetProperty("inference_engine").GetString(), compute.GetProperty("inference_engine_version").GetString()));
        var determinism = root.GetProperty("determinism");
        Assert.Equal(cpu.GetProperty("model").GetString(), determinism.GetProperty("cpu_model").GetString());
        Assert.Equal(
            $"libtorch {determinism.GetProperty("libtorch")}; {determinism.GetProperty("cpu_capability")}; {determinism.GetProperty("blas")}",
            determinism.GetProperty("engine").GetString());
        Assert.Equal("""{"state":"not configured","version":null,"reason":null}""", root.GetProperty("default_model").GetRawText());
    }

    [Theory]
    [InlineData("/nowhere/mounts")]
    [InlineData("/dev/null")]
    public void ReadDisks_NoTableOfMounts_AsksTheRoot(string mounts)
    {
        var disk = Assert.Single(HostFacts.ReadDisks(mounts));

        Assert.Equal("/", disk.MountPoint);
        Assert.Equal(new DriveInfo("/").TotalSize / 1024, disk.Size);
        Assert.True(disk.Used > 0 && disk.Available > 0);
    }

    [Fact]
    public async Task Get_DefaultModelFailed_SaysWhy()
    {
        await using var server = await ApiServer.StartAsync();
        var state = server.Services.GetRequiredService<DefaultModelState>();
        state.Report(new DefaultModelReport(new ModelKey("default", "3"), ModelState.Failed, "the hub answered 404"));

        using var document = await GetAsync(server, "/service-resources");

        Assert.Equal("""{"state":"failed","version":"3","reason":"the hub answered 404"}""", document.RootElement.GetProperty("default_model").GetRawText());
    }

    [Theory]
    [InlineData("huggingface/Ritual-Net/california-housing:california_housing.torch", true)]
    [InlineData("arweave/owner/name/v1:model.torch,other.bin", true)]
    [InlineData("huggingface/owner/name:model.pt", true)]
    [InlineData("huggingface/owner/name:model.onnx", false)]
    [InlineData("huggingface/owner/name:readme.md,model.torch", false)]
    public async Task Get_Model_SaysWhetherItIsSupported(string modelId, bool supported)
    {
        await using var server = await ApiServer.StartAsync();
        // The node does not encode the id.
        using var document = await GetAsync(server, "/service-resources?model_id=" + modelId);

        Assert.Equal($$"""{"supported":{{(supported ? "true" : "false")}}}""", document.RootElement.GetRawText());
    }

    [Theory]
    [InlineData("some/invalid-model-format")]
    [InlineData("huggingface/owner/name")]
    [InlineData("local/owner/name")]
    [InlineData("huggingface/owner/../x:y.torch")]
    [InlineData("%22%00")]
    public async Task Get_WrongModel_IsNotSupportedAndSaysWhy(string modelId)
    {
        await using var server = await ApiServer.StartAsync();
        using var document = await GetAsync(server, "/service-resources?model_id=" + modelId);

        Assert.Equal(["supported", "error"], document.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.False(document.RootElement.GetProperty("supported").GetBoolean());
        Assert.NotEqual("", document.RootElement.GetProperty("error").GetString());
    }

    [Fact]
    public async Task Post_ServiceResources_IsNotAllowed()
    {
        await using var server = await ApiServer.StartAsync();
        using var response = await server.Client.PostAsync("/service-resources", null);

        await ErrorAssert.IsErrorAsync(response, 405);
    }

    private static async Task<JsonDocument> GetAsync(ApiServer server, string path)
    {
        using var response = await server.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync());
    }
}
