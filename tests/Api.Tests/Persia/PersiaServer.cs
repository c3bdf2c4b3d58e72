using System.Net;
using Granary.Api.Hosting;
using Granary.Api.Tests.Support;
using Granary.Serving.Clusters;
using Granary.Serving.Embeddings;
using Granary.Serving.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Granary.Api.Tests.Persia;

/// <summary>The real service on the real Kestrel over fake tables.</summary>
internal sealed class PersiaServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PersiaServer(WebApplication app)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    /// <summary><c>host:port</c>.</summary>
    public string Address => Client.BaseAddress!.Authority;

    /// <param name="tables">Null for none.</param>
    /// <param name="arguments">Of the command line.</param>
    public static async Task<PersiaServer> StartAsync(IEmbeddingTables? tables, params string[] arguments)
    {
        var startup = StartupOptions.Read(["--bind=127.0.0.1:0", .. arguments], new Dictionary<string, string?>());
        Assert.Empty(startup.Errors);
        var app = Program.Build(startup, services =>
        {
            services.AddSingleton<IModelCluster>(new FakeCluster());
            services.AddSingleton<IModelCatalog>(new FakeCatalog());
            if (tables is not null)
                services.AddSingleton(tables);
            services.AddLogging(logging => logging.ClearProviders());
        });
        await app.StartAsync();
        return new PersiaServer(app);
    }

    /// <summary>Three servers, or as many as there are tables, with their replica indices.</summary>
    public static async Task<PersiaServer[]> StartAllAsync(params FakeTables[] tables)
    {
        var servers = new PersiaServer[tables.Length];
        for (var i = 0; i < servers.Length; i++)
            servers[i] = await StartAsync(tables[i], $"--Granary:Embeddings:ReplicaIndex={i}");
        return servers;
    }

    /// <summary>Calls a function.</summary>
    public async Task<(HttpStatusCode Status, byte[] Body)> CallAsync(string function, params byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var response = await Client.PostAsync($"/{function}_web_api", content);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
