using System.Net;

namespace Granary.Api.Tests.TorchServe;

/// <summary>TorchServe's own addresses, on ports of the system's choice.</summary>
public sealed class PortsTests : IAsyncLifetime
{
    private readonly TorchServeBed _bed = new();
    private readonly HttpClient _client = new();

    public Task InitializeAsync() => _bed.StartAsync(
        "--models=twice.mar", "--Granary:TorchServe:InferenceAddress=127.0.0.1:0", "--Granary:TorchServe:ManagementAddress=127.0.0.1:0", "--Granary:TorchServe:MetricsAddress=127.0.0.1:0");

    public Task DisposeAsync()
    {
        _client.Dispose();
        return _bed.DisposeAsync();
    }

    [Theory]
    [InlineData(1, "/ping", 200)]
    [InlineData(1, "/models", 200)]
    [InlineData(1, "/v2/health/live", 200)]
    [InlineData(1, "/metrics", 200)]
    [InlineData(2, "/models", 200)]
    [InlineData(2, "/models/twice", 200)]
    [InlineData(2, "/v1/models/twice", 200)]
    [InlineData(2, "/ping", 200)]
    [InlineData(2, "/predictions/twice", 404)]
    [InlineData(2, "/admin/models", 404)]
    [InlineData(2, "/v2/models/twice", 404)]
    [InlineData(2, "/service-resources", 404)]
    [InlineData(3, "/metrics", 200)]
    [InlineData(3, "/models", 404)]
    [InlineData(3, "/predictions/twice", 404)]
    public async Task Address_AnswersItsPartOnly(int address, string path, int status)
    {
        using var response = await _client.GetAsync(new Uri(_bed.Addresses[address], path));
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
    }
}
