using System.Text;
using System.Text.Json;
using Granary.Api.Hosting;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Granary.Api.Tests.Support;

/// <summary>The real service on the real Kestrel, on a port of the system's choice, over a fake cluster and catalog.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ApiServer(WebApplication app, FakeCluster cluster, FakeCatalog catalog)
    {
        _app = app;
        Cluster = cluster;
        Catalog = catalog;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public FakeCluster Cluster { get; }

    public FakeCatalog Catalog { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts with a default model in the catalog.</summary>
    public static Task<ApiServer> StartAsync(params string[] arguments) => StartAsync(new FakeCatalog().Add("default", "1"), [], arguments);

    public static async Task<ApiServer> StartAsync(FakeCatalog catalog, Dictionary<string, string?> variables, params string[] arguments)
    {
        var cluster = new FakeCluster();
        var startup = StartupOptions.Read(["--bind=127.0.0.1:0", .. arguments], variables);
        Assert.Empty(startup.Errors);
        var app = Program.Build(startup, services =>
        {
            services.AddSingleton<IModelCluster>(cluster);
            services.AddSingleton<IModelCatalog>(catalog);
            services.AddLogging(logging => logging.ClearProviders());
        });
        await app.StartAsync();
        return new ApiServer(app, cluster, catalog);
    }

    public Task<HttpResponseMessage> PostAsync(string body) => PostAsync(Encoding.UTF8.GetBytes(body));

    public Task<HttpResponseMessage> PostAsync(byte[] body) => Client.PostAsync("/service_output", new ByteArrayContent(body));

    /// <summary>Posts and returns the status with the body.</summary>
    public async Task<(int Status, string Body)> AskAsync(string body)
    {
        using var response = await PostAsync(body);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>Checks the error form that an Infernet node needs.</summary>
internal static class ErrorAssert
{
    /// <summary>Asserts status, content type and the three strings; returns the description.</summary>
    public static async Task<string> IsErrorAsync(HttpResponseMessage response, int status)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"expected {status}, got {(int)response.StatusCode}: {body}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        Assert.Equal(["code", "name", "description"], root.EnumerateObject().Select(property => property.Name));
        Assert.Equal(status.ToString(), root.GetProperty("code").GetString());
        Assert.NotEqual("", root.GetProperty("name").GetString());
        var description = root.GetProperty("description").GetString();
        Assert.False(string.IsNullOrWhiteSpace(description));
        return description;
    }
}
