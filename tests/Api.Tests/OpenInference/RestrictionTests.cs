using System.Net;
using Granary.Api.Grpc.Protos;
using Granary.Api.Grpc.Protos.Health;
using Granary.Api.Tests.Grpc;
using Granary.Api.Tests.OpenInference.Grpc;
using static Granary.Api.Tests.OpenInference.Grpc.InferenceClient;

namespace Granary.Api.Tests.OpenInference;

/// <summary>Restricted APIs over the whole service.</summary>
public sealed class RestrictionTests : IAsyncLifetime
{
    private const int Unavailable = 14;

    private readonly V2Bed _bed = new(
        "--http-restricted-api=model-repository,logging,trace,shared-memory:admin-key=secret", "--http-restricted-api=inference,health:user-key=other",
        "--grpc-restricted-protocol=model-repository,logging,health:admin-key=secret", "--grpc-restricted-protocol=inference:user-key=other",
        "--http-header-forward-pattern=x-.*", "--grpc-header-forward-pattern=x-.*");

    private InferenceClient _client = null!;

    public async Task InitializeAsync()
    {
        // The bed waits for what is restricted here.
        await _bed.InitializeAsync(("user-key", "other"));
        _client = new InferenceClient(_bed.Client.BaseAddress!);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _bed.DisposeAsync();
    }

    [Theory]
    [InlineData("POST", "/v2/repository/index", "admin-key", "secret")]
    [InlineData("POST", "/v2/repository/models/echo/load", "admin-key", "secret")]
    [InlineData("GET", "/v2/logging", "admin-key", "secret")]
    [InlineData("GET", "/v2/systemsharedmemory/status", "admin-key", "secret")]
    [InlineData("GET", "/v2/health/ready", "user-key", "other")]
    [InlineData("GET", "/v2/models/echo/ready", "user-key", "other")]
    [InlineData("POST", "/v2/models/echo/infer", "user-key", "other")]
    [InlineData("POST", "/v2/models/echo/versions/1/infer", "user-key", "other")]
    [InlineData("GET", "/v1/models/echo", "user-key", "other")]
    [InlineData("POST", "/v1/models/echo:predict", "user-key", "other")]
    public async Task Http_RestrictedPath_AsksForItsHeader(string method, string path, string header, string value)
    {
        Assert.Equal((HttpStatusCode.Forbidden, $"{{\"error\":\"This API is restricted, expecting header '{header}'\"}}"), await SendAsync(method, path));
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(method, path, (header, "wrong"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(method, path, (header == "admin-key" ? "user-key" : "admin-key", value))).Status);
        Assert.NotEqual(HttpStatusCode.Forbidden, (await SendAsync(method, path, (header, value))).Status);
    }

    [Theory]
    [InlineData("/v2")]
    [InlineData("/v2/models/echo")]
    [InlineData("/v2/models/echo/config")]
    [InlineData("/v2/models/echo/stats")]
    [InlineData("/v1/models")]
    public async Task Http_OtherPath_AsksForNothing(string path) => Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", path)).Status);

    [Fact]
    public async Task Grpc_RestrictedMethod_AsksForItsMetadata()
    {
        Assert.Equal((Unavailable, "This protocol is restricted, expecting header 'triton-grpc-protocol-user-key'"), await _client.FailAsync("ModelInfer", Simple()));
        Assert.Equal((Unavailable, "This protocol is restricted, expecting header 'triton-grpc-protocol-admin-key'"), await _client.FailAsync("RepositoryIndex", new RepositoryIndexRequest()));
        Assert.Equal(Unavailable, (await _client.FailAsync("ServerReady", new ServerReadyRequest())).Status);
        var stream = await _client.StreamAsync([Simple()]);
        Assert.Equal((Unavailable, 0), (stream.End.Status, stream.Responses.Count));
        Assert.Equal(Unavailable, (await _client.SendAsync("ModelInfer", GrpcTestClient.Frame(Simple()), ("triton-grpc-protocol-user-key", "wrong"))).Status);
        // The key without its prefix is another header.
        Assert.Equal(Unavailable, (await _client.SendAsync("ModelInfer", GrpcTestClient.Frame(Simple()), ("user-key", "other"))).Status);

        Assert.Equal(0, (await _client.SendAsync("ModelInfer", GrpcTestClient.Frame(Simple()), ("triton-grpc-protocol-user-key", "other"))).Status);
        Assert.Equal(0, (await _client.SendAsync("RepositoryIndex", GrpcTestClient.Frame(new RepositoryIndexRequest()), ("triton-grpc-protocol-admin-key", "secret"))).Status);
        Assert.Single((await _client.StreamAsync([Simple()], ("triton-grpc-protocol-user-key", "other"))).Responses);
        Assert.Equal("echo", (await _client.CallAsync<ModelMetadataResponse>("ModelMetadata", new ModelMetadataRequest { Name = "echo" })).Name);
    }

    [Fact]
    public async Task Grpc_HealthOfGrpcItself_BelongsToTheGroup()
    {
        using var client = new GrpcTestClient(_bed.Client.BaseAddress!);
        foreach (var (headers, status) in new[] { (Array.Empty<(string, string)>(), Unavailable), ([("triton-grpc-protocol-admin-key", "secret")], 0) })
        {
            using var request = GrpcTestClient.Request("/grpc.health.v1.Health/Check", new ByteArrayContent(GrpcTestClient.Frame(new HealthCheckRequest())), headers);
            using var response = await client.SendAsync(request);
            Assert.Equal(status, (await GrpcAnswer.ReadAsync(response)).Status);
        }
    }

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(string method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await _bed.Client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
