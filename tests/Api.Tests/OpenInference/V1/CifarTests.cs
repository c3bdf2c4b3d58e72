using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Granary.Api.Tests.EndToEnd;

namespace Granary.Api.Tests.OpenInference.V1;

/// <summary>Seed 002 from PNG to scores: a Triton repository with the CIFAR net and the image handler, against PyTorch and torchvision.</summary>
public sealed class CifarTests : IDisposable
{
    private const string Config = """
        name: "cifar"
        platform: "pytorch_libtorch"
        max_batch_size: 4
        input [ { name: "INPUT__0" data_type: TYPE_FP32 dims: [3,32,32] } ]
        output [ { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [10] } ]
        instance_group [ { count: 1 kind: KIND_CPU } ]
        parameters { key: "handlers" value { string_value: "HANDLERS" } }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-cifar-");

    public CifarTests()
    {
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Script, RealServer.Sample("cifar.pt"), _folder.FullName]) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"make_cifar.py failed; apt install python3-torch python3-torchvision (./test does): {errors}");
    }

    private static string Script => Path.Combine(AppContext.BaseDirectory, "OpenInference", "V1", "make_cifar.py");

    [Fact]
    public async Task Predict_TwoPictures_HasPyTorchsScores()
    {
        await using var server = await StartAsync("image");

        var answer = await AskAsync(server, HttpStatusCode.OK, Read("request.json"));

        var predictions = answer.GetProperty("predictions");
        AssertEqual(Expected, [.. predictions.EnumerateArray().SelectMany(static row => row.EnumerateArray())]);
        Assert.Equal([10, 10], predictions.EnumerateArray().Select(static row => row.GetArrayLength()));
    }

    [Fact]
    public async Task Predict_V2Reply_HasTheFormOfTheTransformer()
    {
        await using var server = await StartAsync("image; v2-reply");

        var answer = await AskAsync(server, HttpStatusCode.OK, Read("request.json"));

        Assert.Equal(["model_name", "model_version", "outputs"], answer.EnumerateObject().Select(static property => property.Name));
        var output = answer.GetProperty("outputs")[0];
        Assert.Equal("\"OUTPUT__0\" \"FP32\" [2, 10]", $"{output.GetProperty("name").GetRawText()} {output.GetProperty("datatype").GetRawText()} {output.GetProperty("shape").GetRawText()}");
        AssertEqual(Expected, [.. output.GetProperty("data").EnumerateArray()]);
    }

    [Fact]
    public async Task Predict_ClassesOfTwoPictures_AreThoseOfTheScores()
    {
        await using var server = await StartAsync("image; top-classes: k=1 labels=plane,car,bird,cat,deer,dog,frog,horse,ship,truck; softmax");
        string[] labels = ["plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

        var answer = await AskAsync(server, HttpStatusCode.OK, Read("request.json"));

        var rows = Expected.Chunk(10).ToList();
        var best = answer.GetProperty("predictions").EnumerateArray().Select(static row => row[0]).ToList();
        Assert.Equal(rows.Select(row => labels[Array.IndexOf(row, row.Max())]), best.Select(static item => item.GetProperty("label").GetString()));
        Assert.All(rows.Zip(best), static pair =>
            Assert.Equal(1 / pair.First.Sum(score => Math.Exp(score - pair.First.Max())), pair.Second.GetProperty("score").GetDouble(), 1e-5));
    }

    [Fact]
    public async Task Predict_DamagedPicture_IsA400()
    {
        await using var server = await StartAsync("image");
        var answer = await AskAsync(server, HttpStatusCode.BadRequest, """{"instances":[{"image":{"b64":"aW1hZ2UgYnl0ZXM="}}]}""");
        Assert.Equal("the data is neither a PNG nor a JPEG nor a WebP", answer.GetProperty("error").GetString());
    }

    public void Dispose() => _folder.Delete(true);

    private double[] Expected => [.. JsonSerializer.Deserialize<double[][]>(Read("expected.json"))!.SelectMany(static row => row)];

    private string Read(string file) => File.ReadAllText(Path.Combine(_folder.FullName, file));

    private async Task<RealServer> StartAsync(string handlers)
    {
        var model = Directory.CreateDirectory(Path.Combine(_folder.FullName, "repository", "cifar", "1"));
        File.Copy(RealServer.Sample("cifar.pt"), Path.Combine(model.FullName, "model.pt"));
        await File.WriteAllTextAsync(Path.Combine(model.Parent!.FullName, "config.pbtxt"), Config.Replace("HANDLERS", handlers));
        var server = await RealServer.StartAsync([], $"--model-repository={Path.Combine(_folder.FullName, "repository")}");
        for (var tries = 0; !await IsReadyAsync(server); tries++)
        {
            Assert.True(tries < 3000, "the repository never loaded");
            await Task.Delay(20);
        }

        return server;
    }

    private static async Task<bool> IsReadyAsync(RealServer server)
    {
        using var response = await server.Client.GetAsync("/v1/models/cifar");
        return response.IsSuccessStatusCode;
    }

    private static async Task<JsonElement> AskAsync(RealServer server, HttpStatusCode status, string body)
    {
        using var response = await server.Client.PostAsync("/v1/models/cifar:predict", new StringContent(body));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static void AssertEqual(double[] expected, JsonElement[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), static pair => Assert.Equal(pair.First, pair.Second.GetDouble(), 1e-5));
    }
}
