using System.Net;
using System.Text;
using Granary.Api.Tests.EndToEnd;

namespace Granary.Api.Tests.OpenInference;

/// <summary>The whole service over a model repository of its own, shared by the tests of a class.</summary>
public sealed class V2Bed : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-v2-");
    private readonly string[] _flags;
    private RealServer _server = null!;

    public V2Bed()
        : this([])
    {
    }

    /// <summary>A bed with more flags, for classes that need a server of their own.</summary>
    internal V2Bed(params string[] flags) => _flags = flags;

    internal HttpClient Client => _server.Client;

    public string Root => Path.Combine(_folder.FullName, "models");

    public Task InitializeAsync() => InitializeAsync([]);

    /// <summary>Starts and waits until everything is ready.</summary>
    /// <param name="headers">What asking for that needs.</param>
    internal async Task InitializeAsync(params (string Name, string Value)[] headers)
    {
        AddModel("simple", """
            backend: "pytorch"
            max_batch_size: 8
            input [ { name: "INPUT0" data_type: TYPE_INT32 dims: [16] }, { name: "INPUT1" data_type: TYPE_INT32 dims: [16] } ]
            output [ { name: "OUTPUT0" data_type: TYPE_INT32 dims: [16] label_filename: "labels.txt" }, { name: "OUTPUT1" data_type: TYPE_INT32 dims: [16] } ]
            """);
        File.WriteAllText(Path.Combine(Root, "simple", "labels.txt"), string.Join('\n', Enumerable.Range(0, 16).Select(number => $"class {number}")));
        AddModel("dictionary", null);
        AddModel("mixed", null);
        AddModel("named", null);
        AddModel("echo", null);
        AddModel("flat", """
            backend: "pytorch"
            max_batch_size: 4
            input [ { name: "x" data_type: TYPE_FP32 dims: [2, 2] reshape { shape: [4] } } ]
            output [ { name: "y" data_type: TYPE_FP32 dims: [2, 2] reshape { shape: [4] } } ]
            """);
        AddModel("raw", """
            backend: "pytorch"
            input [ { name: "x" data_type: TYPE_FP32 dims: [2, -1] } ]
            output [ { name: "y" data_type: TYPE_FP32 dims: [2, -1] } ]
            """, "echo");
        AddModel("wrong", """
            backend: "pytorch"
            input [ { name: "x" data_type: TYPE_FP32 dims: [-1] } ]
            output [ { name: "y" data_type: TYPE_INT64 dims: [-1] } ]
            """, "echo");
        _server = await RealServer.StartAsync([], [$"--model-repository={Root}", "--model-control-mode=explicit", "--load-model=*", $"--Granary:ModelRepository:OverrideDirectory={_folder.FullName}/overrides", .. _flags]);
        await WaitUntilReadyAsync(headers);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(true);
    }

    /// <summary>Adds a model with one version whose module is one of those beside these tests.</summary>
    public void AddModel(string name, string? config, string? module = null)
    {
        var version = Directory.CreateDirectory(Path.Combine(Root, name, "1"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "OpenInference", "Models", $"{module ?? name}.pt"), Path.Combine(version.FullName, "model.pt"));
        if (config is not null)
            File.WriteAllText(Path.Combine(Root, name, "config.pbtxt"), config);
    }

    /// <summary>Adds an ensemble; its steps are <c>model(input=tensor,…)->(output=tensor,…)</c>, one a line.</summary>
    public void AddEnsemble(string name, string tensors, string steps)
    {
        var text = string.Concat(steps.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static step =>
        {
            var parts = step.Split(["(", ")->(", ")"], StringSplitOptions.None);
            return $"step {{ model_name: '{parts[0]}' model_version: -1 {Map("input_map", parts[1])} {Map("output_map", parts[2])} }}\n";
        }));
        Directory.CreateDirectory(Path.Combine(Root, name));
        File.WriteAllText(Path.Combine(Root, name, "config.pbtxt"), $"name: '{name}' platform: 'ensemble' {tensors} ensemble_scheduling {{ {text} }}");

        static string Map(string field, string pairs) => string.Join(' ', pairs.Split(',').Select(static pair => pair.Split('='))
            .Select(pair => $"{field} {{ key: '{pair[0]}' value: '{pair[1]}' }}"));
    }

    internal async Task<(int Status, string Body)> GetAsync(string path)
    {
        using var response = await Client.GetAsync(path);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    internal async Task<(int Status, string Body)> PostAsync(string path, string body)
    {
        // As curl -d does.
        using var content = new StringContent(body, Encoding.UTF8, "application/x-www-form-urlencoded");
        using var response = await Client.PostAsync(path, content);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    internal Task<(int Status, string Body)> InferAsync(string model, string body) => PostAsync($"/v2/models/{model}/infer", body);

    internal async Task<HttpResponseMessage> SendAsync(string model, byte[] body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = new ByteArrayContent(body) };
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request);
    }

    private async Task WaitUntilReadyAsync((string Name, string Value)[] headers)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await IsReadyAsync(headers, limit.Token))
            await Task.Delay(20, limit.Token);
    }

    private async Task<bool> IsReadyAsync((string Name, string Value)[] headers, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/health/ready");
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await Client.SendAsync(request, cancellation);
        return response.StatusCode == HttpStatusCode.OK;
    }
}
