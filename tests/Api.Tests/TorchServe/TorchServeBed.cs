using System.Text;
using Granary.Api.Tests.EndToEnd;

namespace Granary.Api.Tests.TorchServe;

/// <summary>The whole service over a model store of its own.</summary>
public sealed class TorchServeBed : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-torchserve-");
    private RealServer _server = null!;

    internal HttpClient Client => _server.Client;

    internal IReadOnlyList<Uri> Addresses => _server.Addresses;

    public string Store => Path.Combine(_folder.FullName, "store");

    public Task InitializeAsync() => StartAsync("--models", "twice.mar", "--Granary:TorchServe:DefaultWorkersPerModel=2");

    public async Task StartAsync(params string[] arguments)
    {
        Directory.CreateDirectory(Store);
        if (!File.Exists(Path.Combine(Store, "twice.mar")))
        {
            ModelArchives.Write(Path.Combine(Store, "twice.mar"), "twice");
            ModelArchives.Write(Path.Combine(Store, "twice2.mar"), "twice", "2.0");
            File.Copy(ModelArchives.Module, Path.Combine(Store, "plain.pt"));
        }

        _server = await RealServer.StartInAsync(_folder, true, [], [$"--model-store={Store}", .. arguments]);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!(await Client.GetAsync("/v2/health/ready", limit.Token)).IsSuccessStatusCode)
            await Task.Delay(20, limit.Token);
    }

    public async Task StopAsync() => await _server.DisposeAsync();

    public async Task DisposeAsync()
    {
        await StopAsync();
        _folder.Delete(true);
    }

    internal Task<(int Status, string Body)> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    internal Task<(int Status, string Body)> PredictAsync(string path, string body, string? type = "application/json") =>
        SendAsync(HttpMethod.Post, path, new StringContent(body, Encoding.UTF8), type);

    internal async Task<(int Status, string Body)> SendAsync(HttpMethod method, string path, HttpContent? content = null, string? type = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (content is not null and not MultipartContent)
        {
            content.Headers.ContentType = null;
            if (type is not null)
                content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    internal static string Status(string text) => $"{{\n  \"status\": \"{text}\"\n}}\n";

    internal static string Error(int code, string type, string message) => $"{{\n  \"code\": {code},\n  \"type\": \"{type}\",\n  \"message\": \"{message}\"\n}}\n";
}
