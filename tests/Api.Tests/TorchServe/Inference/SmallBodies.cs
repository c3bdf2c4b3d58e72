using System.Text;
using Granary.Api.Tests.Support;

namespace Granary.Api.Tests.TorchServe.Inference;

/// <summary>A service that takes bodies of 1,000 bytes.</summary>
internal sealed class SmallBodies : IAsyncDisposable
{
    private readonly ApiServer _server;

    private SmallBodies(ApiServer server) => _server = server;

    public static async Task<SmallBodies> StartAsync() => new(await ApiServer.StartAsync("--max-body-bytes=1000"));

    public async Task<(int Status, string Body)> PostAsync(string body)
    {
        using var response = await _server.Client.PostAsync("/predictions/default", new ByteArrayContent(Encoding.UTF8.GetBytes(body)));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
