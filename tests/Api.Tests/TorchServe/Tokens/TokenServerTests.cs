using System.Text.Json;

namespace Granary.Api.Tests.TorchServe.Tokens;

/// <summary>A service that asks for tokens, as <c>--torchserve</c> does, on ports of the system's choice.</summary>
public sealed class TokenServerTests : IAsyncLifetime
{
    private const string Refused = "Token Authorization failed. Token either incorrect, expired, or not provided correctly";
    private readonly TorchServeBed _bed = new();

    private string KeyFilePath => Path.Combine(_bed.Store, "..", "keys.json");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _bed.DisposeAsync();

    private Task StartAsync(params string[] more) =>
        _bed.StartAsync(["--models=twice.mar", "--Granary:TorchServe:TokenAuthorization=true", $"--Granary:TorchServe:KeyFile={KeyFilePath}", .. more]);

    private (string Name, string Value) Bearer(string kind)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(KeyFilePath));
        return ("Authorization", $"Bearer {document.RootElement.GetProperty(kind).GetProperty("key").GetString()}");
    }

    private Task<(int Status, string Body)> PredictAsync(params (string, string)[] headers) =>
        _bed.SendAsync(HttpMethod.Post, "/predictions/twice", new StringContent("[1.0]"), null, headers);

    [Fact]
    public async Task Requests_WithoutTheRightToken_Are401()
    {
        await StartAsync();
        Assert.Equal((401, TorchServeBed.Error(401, "InvalidKeyException", Refused)), await PredictAsync());
        Assert.Equal(401, (await PredictAsync(Bearer("management"))).Status);
        Assert.Equal(401, (await PredictAsync(Bearer("API"))).Status);
        Assert.Equal((200, "[\n  3.0\n]"), await PredictAsync(Bearer("inference")));
        Assert.Equal(401, (await _bed.GetAsync("/models")).Status);
        Assert.Equal(401, (await _bed.SendAsync(HttpMethod.Get, "/models", null, null, Bearer("inference"))).Status);
        Assert.Equal(200, (await _bed.SendAsync(HttpMethod.Get, "/models", null, null, Bearer("management"))).Status);
        Assert.Equal(200, (await _bed.GetAsync("/ping")).Status);
    }

    [Theory]
    [InlineData("/v1/models/twice:predict", """{"instances":[[1.0]]}""")]
    [InlineData("/v2/models/twice/infer", """{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[1]}]}""")]
    [InlineData("/serve?servable_identifier=twice", "[[1.0]]")]
    [InlineData("/service_output", "{}")]
    public async Task OtherProtocols_OfTheSamePort_AreNoWayAroundTheToken(string path, string body)
    {
        await StartAsync();
        Task<(int Status, string Body)> Send(params (string, string)[] headers) => _bed.SendAsync(HttpMethod.Post, path, new StringContent(body), "application/json", headers);
        Assert.Equal(401, (await Send()).Status);
        Assert.Equal(401, (await Send(Bearer("management"))).Status);
        Assert.NotEqual(401, (await Send(Bearer("inference"))).Status);
        Assert.Equal(200, (await _bed.GetAsync("/v2/health/ready")).Status);
    }

    [Fact]
    public async Task Token_WithTheApiToken_RenewsOneKind()
    {
        await StartAsync();
        var old = Bearer("inference");
        Assert.Equal(401, (await _bed.SendAsync(HttpMethod.Get, "/token?type=inference", null, null, old)).Status);
        Assert.Equal(400, (await _bed.SendAsync(HttpMethod.Get, "/token?type=API", null, null, Bearer("API"))).Status);
        Assert.Equal(200, (await _bed.SendAsync(HttpMethod.Get, "/token?type=inference", null, null, Bearer("API"))).Status);

        Assert.NotEqual(old, Bearer("inference"));
        Assert.Equal(401, (await PredictAsync(old)).Status);
        Assert.Equal(200, (await PredictAsync(Bearer("inference"))).Status);
    }

    [Fact]
    public async Task Requests_WithTorchServesStatus_Are400()
    {
        await StartAsync("--Granary:TorchServe:BadRequestForTokens=true");
        Assert.Equal((400, TorchServeBed.Error(400, "InvalidKeyException", Refused)), await PredictAsync());
    }

    [Fact]
    public async Task Requests_WithTheServicesOwnKeys_ArePassed()
    {
        await StartAsync("--bearer=inferer", "--admin-key=operator");
        Assert.Equal(200, (await PredictAsync(("Authorization", "Bearer inferer"))).Status);
        Assert.Equal(401, (await PredictAsync(("Authorization", "Bearer operator"))).Status);
        Assert.Equal(200, (await _bed.SendAsync(HttpMethod.Get, "/models", null, null, ("Authorization", "Bearer operator"))).Status);
        Assert.Equal(401, (await _bed.SendAsync(HttpMethod.Get, "/models", null, null, ("Authorization", "Bearer inferer"))).Status);
    }

    [Fact]
    public async Task Stop_KeyFile_IsGone()
    {
        await StartAsync();
        Assert.True(File.Exists(KeyFilePath));
        await _bed.StopAsync();
        Assert.False(File.Exists(KeyFilePath));
        await _bed.StartAsync();
        Assert.Equal(404, (await _bed.GetAsync("/token?type=inference")).Status);
    }
}
