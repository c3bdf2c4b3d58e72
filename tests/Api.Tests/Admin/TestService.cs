using System.Net;
using System.Text;
using System.Text.Json;
using Granary.Api.Admin;
using Granary.Api.Description;
using Granary.Api.Health;
using Granary.Api.Security;
using Granary.Api.Telemetry;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Api.Tests.Admin;

/// <summary>The features of these rooms on a real Kestrel, over a fake catalog and cluster.</summary>
internal sealed class TestService : IAsyncDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false });

    private TestService(WebApplication app) => App = app;

    public WebApplication App { get; }

    public FakeCatalog Catalog { get; private init; } = null!;

    public FakeCluster Cluster { get; private init; } = null!;

    /// <summary>Where each listener answers; the service's own last.</summary>
    public IReadOnlyList<Uri> Addresses { get; private init; } = [];

    public Uri Address => Addresses[^1];

    public static async Task<TestService> StartAsync(params (string Key, string? Value)[] settings) => await StartAsync(null, null, settings);

    public static async Task<TestService> StartAsync(Action<WebApplicationBuilder>? configure, Action<WebApplication>? map, params (string Key, string? Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)));
        builder.Configuration.AddInMemoryCollection([new("Logging:Console:LogLevel:Default", "None")]);
        var catalog = new FakeCatalog();
        var cluster = new FakeCluster();
        builder.Services.AddSingleton<IModelCatalog>(catalog);
        builder.Services.AddSingleton<IModelCluster>(cluster);
        builder.AddAdmin();
        builder.Services.AddBearer();
        builder.Services.AddHealth();
        builder.AddTelemetry();
        builder.Services.AddApiDescription();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapPost("/service_output", context => context.Response.WriteAsync("ran")).RequireBearer();
        app.MapAdmin();
        app.MapHealth();
        app.MapTelemetry();
        app.MapApiDescription();
        map?.Invoke(app);
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new TestService(app) { Catalog = catalog, Cluster = cluster, Addresses = [.. addresses.Select(address => new Uri(address))] };
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(string method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var response = await SendRawAsync(method, path, json, headers);
        var text = await response.Content.ReadAsStringAsync();
        using var document = JsonDocument.Parse(text);
        return (response.StatusCode, document.RootElement.Clone());
    }

    public async Task<HttpResponseMessage> SendRawAsync(string method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Address, path));
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type")
                request.Content!.Headers.ContentType = new(value);
            else if (name == "Host")
                request.Headers.Host = value;
            else
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await _client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await App.DisposeAsync();
    }
}
