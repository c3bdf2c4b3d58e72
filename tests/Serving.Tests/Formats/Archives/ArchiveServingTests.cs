using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Formats;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Handlers;
using Granary.Serving.Models;
using Granary.Serving.Tests.Support;
using Granary.Serving.Weights;
using Granary.Torch;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Tests.Formats.Archives;

/// <summary>From the archive to the answer of TorchServe's handlers, with libtorch; answers compared with PIL's, torchvision's and torch's.</summary>
[Collection(nameof(LiveObjectTests))]
public sealed class ArchiveServingTests : IClassFixture<ArchiveCases>, IDisposable
{
    private readonly ArchiveCases _cases;
    private readonly TempDirectory _directory = new();
    private readonly TorchInferenceRuntime _runtime = new();
    private readonly ActivationHost _host;
    private readonly ModelLoader _loader;

    public ArchiveServingTests(ArchiveCases cases)
    {
        _cases = cases;
        _host = new ActivationHost(Options.Create(new ActivationOptions()), Options.Create(new ModelMemoryOptions()), _runtime, TimeProvider.System, NullLoggerFactory.Instance);
        _loader = new ModelLoader(new Store(cases), new ScriptModuleFactory(), _runtime, _host, Scratch.Of(_directory.Path));
    }

    [Theory]
    [InlineData("classifier.mar", "classifier", 4)]
    [InlineData("classifier-stored.mar", "classifier", 4)]
    [InlineData("classifier.tar.gz", "classifier", 4)]
    [InlineData("classifier", "classifier", 4)]
    [InlineData("detector.mar", "detector", 1)]
    [InlineData("row-detector.tar.gz", "row-detector", 1)]
    [InlineData("words.mar", "words", 2)]
    [InlineData("words", "words", 2)]
    [InlineData("linear.mar", "linear", 2)]
    public async Task Infer_EveryFormOfArchive_AnswersAsTorchServe(string file, string name, int requests)
    {
        var activation = Activate(file);

        for (var i = 0; i < requests; i++)
        {
            using var expected = JsonDocument.Parse(_cases.Answer($"{name}-{i}.json"));
            var request = _cases.Request($"{name}-{i}");
            // Texts of base64 and JSON come as texts: the front end decodes them by their content type.
            using var result = await InferAsync(activation, request, asText: name == "classifier" && i >= 2);
            AssertSame(expected.RootElement, result.Value, $"{name}-{i}");
        }

        await EndAsync(activation);
    }

    [Fact]
    public async Task Infer_Segmenter_ClassAndChanceOfEachPixel()
    {
        var activation = Activate("segmenter.mar");

        using (var result = await InferAsync(activation, _cases.Request("segmenter-0")))
        {
            var tensor = Assert.IsType<Tensor>(result.Value);
            Assert.Equal([224, 224, 2], tensor.Shape.ToArray());
            var expected = MemoryMarshal.Cast<byte, float>(_cases.Answer("segmenter-0.bin")).ToArray();
            for (var i = 0; i < expected.Length; i++)
                Assert.True(Math.Abs(expected[i] - tensor.As<float>()[i]) <= 1e-5, $"element {i}: {expected[i]} and {tensor.As<float>()[i]}");
        }

        await EndAsync(activation);
    }

    [Fact]
    public async Task Infer_ConcurrentRequestsOfOneClassifier_EachGetsItsOwnAnswer()
    {
        var activation = Activate("classifier.mar");
        await activation.WaitReadyAsync();
        Assert.Equal(4, activation.Definition.Batching.MaxBatchSize);
        var expected = Enumerable.Range(0, 4).Select(i => JsonDocument.Parse(_cases.Answer($"classifier-{i}.json"))).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
        {
            using var result = await InferAsync(activation, _cases.Request($"classifier-{i % 4}"), asText: i % 4 >= 2);
            AssertSame(expected[i % 4].RootElement, result.Value, $"classifier-{i % 4}");
        })));

        Assert.Equal(40, activation.Status.Statistics.Succeeded);
        await EndAsync(activation);
    }

    [Fact]
    public async Task Infer_TensorsAsTorchSaveWritesThem_ComeBackSo()
    {
        var activation = Activate("tensors.mar");
        Assert.Equal(("tensors", "2.10"), (activation.Definition.Name, activation.Definition.Version));

        using (var result = await InferAsync(activation, _cases.Request("linear-2")))
        {
            var answer = Assert.IsType<Tensor>(result.Value);
            Assert.Equal(DType.UInt8, answer.DType);
            File.WriteAllBytes(Path.Combine(_directory.Path, "answer.pt"), answer.Bytes);
            File.WriteAllText(Path.Combine(_directory.Path, "check.py"), """
                import json, sys, torch
                found = torch.load(sys.argv[1])
                expected = torch.tensor(json.load(open(sys.argv[2])))
                assert found.dtype == torch.float32 and found.shape == (3,) and torch.allclose(found, expected, atol=1e-6), found
                """);
        }

        DebianPython.Run(Path.Combine(_directory.Path, "check.py"), Path.Combine(_directory.Path, "answer.pt"), _cases["answers/linear-2.json"]);
        await EndAsync(activation);
    }

    [Fact]
    public async Task Infer_PickledModuleUnderPth_IsBuilt()
    {
        var activation = Activate("pickled.mar");

        using (var result = await InferAsync(activation, "[1.0, 2, 3, 4]"u8.ToArray()))
            Assert.Equal([3], ((Tensor)result.Value).Shape.ToArray());

        await EndAsync(activation);
    }

    [Fact]
    public async Task Infer_TensorsOfAnotherProtocol_PassTheHandler()
    {
        var activation = Activate("linear.mar");
        using var rows = Tensor.From<float>(DType.Float32, [2, 4], [0, 0, 0, 0, 1, 1, 1, 1]);

        using (var result = await activation.InferAsync(new InferenceRequest { Inputs = [new Argument("x", rows)] }))
            Assert.Equal([2, 3], ((Tensor)result.Value).Shape.ToArray());

        await EndAsync(activation);
    }

    [Fact]
    public async Task Load_DefinitionByHand_NeedsNoManagement()
    {
        var definition = new ModelDefinition
        {
            Name = "by-hand",
            Version = "1",
            Source = ModelIdParser.Parse("local/classifier.mar"),
            Handlers = [new HandlerSpec(HandlerNames.ImageClassifier, new Dictionary<string, string> { ["topk"] = "1", ["labels"] = "a,b,c,d,e,f,g,h,i,j" })],
        };
        var activation = new ModelActivation(definition, _loader, _host, TimeProvider.System, NullLogger.Instance);

        using (var result = await InferAsync(activation, _cases.Request("classifier-0")))
        {
            var entry = Assert.Single(((DictValue)result.Value).Entries);
            Assert.Contains(((StringValue)entry.Key).Text, "abcdefghij", StringComparison.Ordinal);
        }

        await EndAsync(activation);
    }

    private ModelActivation Activate(string file)
    {
        using var archive = ModelArchive.Open(_cases[file], file);
        var described = ArchiveDefinitions.Describe(archive, ModelIdParser.Parse("local/" + file), new ArchiveOverrides { DeviceType = "cpu" });
        Assert.Empty(described.Warnings);
        return new ModelActivation(described.Definition, _loader, _host, TimeProvider.System, NullLogger.Instance);
    }

    private static async Task<InferenceResult> InferAsync(ModelActivation activation, byte[] body, bool asText = false)
    {
        Value data = asText ? new StringValue(Encoding.ASCII.GetString(body)) : Tensor.From<byte>(DType.UInt8, [body.Length], body);
        using var request = new DictValue([new(new StringValue("body"), data)]);
        return await activation.InferAsync(new InferenceRequest { Inputs = [new Argument(null, request)] });
    }

    private async Task EndAsync(ModelActivation activation)
    {
        Assert.True(await activation.DrainAsync());
        var live = TorchRuntime.LiveObjects;
        Assert.Equal((0, 0), (live.Modules, live.Results));
        var scratch = Path.Combine(_directory.Path, "scratch");
        if (Directory.Exists(scratch))
            Assert.Empty(Directory.GetFileSystemEntries(scratch));
    }

    private static void AssertSame(JsonElement expected, Value actual, string where)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Number when actual is DoubleValue number:
                Assert.True(Math.Abs(expected.GetDouble() - number.Number) <= 1e-5, string.Create(CultureInfo.InvariantCulture, $"{where}: {expected.GetDouble()} and {number.Number}"));
                break;
            case JsonValueKind.Array when actual is Tensor tensor:
                Assert.Equal([expected.GetArrayLength()], tensor.Shape.ToArray());
                for (var i = 0; i < expected.GetArrayLength(); i++)
                    AssertSame(expected[i], new DoubleValue(tensor.As<float>()[i]), $"{where}[{i}]");
                break;
            case JsonValueKind.Array:
                var items = Assert.IsType<ListValue>(actual).Items;
                Assert.Equal(expected.GetArrayLength(), items.Count);
                for (var i = 0; i < items.Count; i++)
                    AssertSame(expected[i], items[i], $"{where}[{i}]");
                break;
            default:
                var entries = Assert.IsType<DictValue>(actual).Entries;
                Assert.Equal(expected.EnumerateObject().Select(static property => property.Name), entries.Select(static entry => ((StringValue)entry.Key).Text));
                foreach (var (key, value) in entries)
                    AssertSame(expected.GetProperty(((StringValue)key).Text), value, $"{where}.{((StringValue)key).Text}");
                break;
        }
    }

    public void Dispose()
    {
        _host.Dispose();
        _directory.Dispose();
    }

    private sealed class Store(ArchiveCases cases) : IWeightsStore
    {
        public Task<WeightsLease> AcquireAsync(ModelId id, WeightsRequest options, CancellationToken cancellation = default)
        {
            var path = cases[id.File is null ? id.Repository : Path.Join(id.Repository, id.File)];
            return Task.FromResult(new WeightsLease(path, new string('c', 64), new FileInfo(path).Length, null, null));
        }
    }
}
