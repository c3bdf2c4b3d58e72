using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Granary.Api.Tests.EndToEnd;

namespace Granary.Api.Tests.TorchServing;

/// <summary>Models, requests and answers that Python makes, and the whole service over them; shared by the tests of this folder.</summary>
public sealed class TorchServingBed : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-torch-serving-");
    private RealServer _server = null!;

    /// <summary>A directory of which <see cref="Models"/> is a part; the rest is outside the roots.</summary>
    public string Outside => _folder.FullName;

    /// <summary>The root.</summary>
    public string Models => Path.Combine(_folder.FullName, "models");

    /// <summary>Of the shared service.</summary>
    public HttpClient Client => _server.Client;

    /// <summary>Model, body, and the answer that Python computed.</summary>
    public IReadOnlyList<(string Model, string Body, string Answer)> Requests { get; private set; } = [];

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Models);
        await RunAsync(Path.Combine(AppContext.BaseDirectory, "TorchServing", "make_models.py"), Models);
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Models, "requests.json")));
        Requests = [.. document.RootElement.EnumerateArray().Select(static request =>
            (request.GetProperty("model").GetString()!, request.GetProperty("body").GetString()!, request.GetProperty("answer").GetString()!))];
        _server = await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(true);
    }

    /// <summary>One more service over the same models.</summary>
    internal Task<RealServer> StartAsync(params string[] arguments) => RealServer.StartAsync([], [$"--local-root={Models}", .. arguments]);

    /// <summary>Posts to <c>/serve</c> as curl's <c>-d</c> does.</summary>
    public static async Task<(int Status, string Body)> ServeAsync(HttpClient client, string? identifier, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        using var response = await client.PostAsync(identifier is null ? "/serve" : $"/serve?servable_identifier={Uri.EscapeDataString(identifier)}", content);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public Task<(int Status, string Body)> ServeAsync(string? identifier, string body) => ServeAsync(Client, identifier, Encoding.UTF8.GetBytes(body));

    private static async Task RunAsync(string script, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [script, folder]) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, $"make_models.py failed; apt install python3-torch (./test does): {await errors}");
    }
}

/// <summary>Makes the bed once for all classes of this folder.</summary>
[CollectionDefinition(Name)]
public sealed class TorchServingCollection : ICollectionFixture<TorchServingBed>
{
    public const string Name = "torch-serving";
}
