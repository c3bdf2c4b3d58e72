using System.Net;
using System.Text;
using Granary.Api.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Granary.Api.Tests.EndToEnd;

/// <summary>The whole service in this process: real catalog, sources, store, cluster and libtorch, in a folder of its own.</summary>
internal sealed class RealServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;
    private readonly bool _keep;

    private RealServer(WebApplication app, DirectoryInfo folder, bool keep)
    {
        _app = app;
        _folder = folder;
        _keep = keep;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    /// <summary>Every address, in the order in which they were opened.</summary>
    public IReadOnlyList<Uri> Addresses => [.. _app.Urls.Select(static url => new Uri(url))];

    public static string Sample(string name) => Path.Combine(AppContext.BaseDirectory, "samples", name);

    public static (string, string?)[] LocalModel(string path) => [("MODEL_SOURCE", "0"), ("LOAD_ARGS", $$"""{"path": "{{path}}"}""")];

    public static Task<RealServer> StartAsync((string Name, string? Value)[] variables, params string[] arguments) =>
        StartInAsync(Directory.CreateTempSubdirectory("granary-api-"), false, variables, arguments);

    /// <summary>Starts over what an earlier server left in <paramref name="folder"/>, and leaves it there.</summary>
    public static async Task<RealServer> StartInAsync(DirectoryInfo folder, bool keep, (string Name, string? Value)[] variables, params string[] arguments)
    {
        string[] all = ["--bind=127.0.0.1:0", $"--data-dir={folder.FullName}/catalog", $"--cache-dir={folder.FullName}/weights", "--Granary:Weights:MinFreeBytes=0", .. arguments];
        var startup = StartupOptions.Read(all, variables.ToDictionary(variable => variable.Name, variable => variable.Value));
        Assert.Empty(startup.Errors);
        var app = Program.Build(startup, services => services.AddLogging(logging => logging.ClearProviders()));
        await app.StartAsync();
        return new RealServer(app, folder, keep);
    }

    /// <summary>Waits until the default model reports a state.</summary>
    public async Task WaitForDefaultModelAsync(string wanted)
    {
        var state = _app.Services.GetRequiredService<DefaultModelState>();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        state.Changed += report =>
        {
            if (report.State == wanted)
                reached.TrySetResult();
        };
        if (state.Current.State != wanted)
            await reached.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async Task<(HttpStatusCode Status, string Body)> AskAsync(string body)
    {
        using var response = await Client.PostAsync("/service_output", new ByteArrayContent(Encoding.UTF8.GetBytes(body)));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (!_keep)
            _folder.Delete(true);
    }
}
