using System.Text;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Handlers;
using Granary.Serving.Models;
using Granary.Serving.Tests.Support;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Archives;

public sealed class ArchiveDefinitionsTests : IDisposable
{
    private static readonly ModelId Source = ModelIdParser.Parse("local/store/m.mar");
    private static readonly byte[] Nothing = [];
    private readonly TempDirectory _directory = new();

    [Fact]
    public void Describe_PlainArchive_HasTorchServesDefaults()
    {
        var described = Describe([], "\"handler\": \"base_handler\"");

        var definition = described.Definition;
        Assert.Equal(("m", "1.0", Source), (definition.Name, definition.Version, definition.Source));
        Assert.Equal((0, "auto", 1000, false), (definition.Instances, definition.Device, definition.MaxQueueSize, definition.Trusted));
        Assert.Equal((0, TimeSpan.Zero), (definition.Batching.MaxBatchSize, definition.Batching.MaxQueueDelay));
        Assert.Equal([HandlerNames.TorchServeBase], definition.Handlers.Select(static spec => spec.Name));
        Assert.Empty(described.Warnings);
        Assert.Equal(
            [
                "torchserve.batchSize=1", "torchserve.handler=base_handler", "torchserve.maxBatchDelay=100", "torchserve.responseTimeout=120",
                "torchserve.runtime=python", "torchserve.startupTimeout=120", "torchserve.url=local/store/m.mar",
            ],
            definition.Annotations.Select(static pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Describe_WhatIsSaidTwice_TheCallCountsBeforeTheFileAndThatBeforeTheServer()
    {
        var files = new[] { ("model-config.yaml", "minWorkers: 2\nmaxWorkers: 4\nbatchSize: 8\nmaxBatchDelay: 50\nresponseTimeout: 30\nclientTimeoutInMills: 700\njobQueueSize: 5\ndeviceType: gpu\ndeviceIds: [1, 3]\n") };

        var described = Describe(
            files,
            "\"handler\": \"image_classifier\", \"configFile\": \"model-config.yaml\"",
            new ArchiveOverrides { Name = "other", Version = "2.5", BatchSize = 16, Url = "https://example.com/m.mar", Trusted = true, Sha256 = new string('a', 64) },
            new ArchiveOverrides { BatchSize = 2, MaxBatchDelay = TimeSpan.FromMilliseconds(9), StartupTimeout = TimeSpan.FromSeconds(77), MinWorkers = 1 });

        var definition = described.Definition;
        Assert.Equal(("other", "2.5", true, new string('a', 64)), (definition.Name, definition.Version, definition.Trusted, definition.Sha256));
        Assert.Equal((16, TimeSpan.FromMilliseconds(50)), (definition.Batching.MaxBatchSize, definition.Batching.MaxQueueDelay));
        Assert.Equal(TimeSpan.FromMilliseconds(700), definition.Batching.Queue.Timeout);
        Assert.Equal((2, 5, "cuda:1"), (definition.Instances, definition.MaxQueueSize, definition.Device));
        Assert.Equal((2, 4, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(77)), (described.Settings.MinWorkers, described.Settings.MaxWorkers, described.Settings.ResponseTimeout, described.Settings.StartupTimeout));
        Assert.Equal(["deviceIds are 1,3; one copy of the model is served, on the first"], described.Warnings);
        Assert.Equal("https://example.com/m.mar", definition.Annotations[ArchiveAnnotations.Url]);
        Assert.Equal("1,3", definition.Annotations[ArchiveAnnotations.DeviceIds]);
        Assert.Equal("700", definition.Annotations[ArchiveAnnotations.ClientTimeout]);
    }

    [Fact]
    public void Describe_WhatHasNoMeaningHere_IsNamedInWarnings()
    {
        var files = new[] { ("c.yaml", "# a comment\nparallelType: pp\ntorchrun:\n  nproc-per-node: 4\npt2: {compile: {enable: True}}\nhandler:\n  profile: true\ndeviceType: neuron\nmaxBatchDelay: 90000\nbatchSize: 2\n") };

        var described = Describe(files, "\"handler\": \"base_handler\", \"configFile\": \"c.yaml\", \"requirementsFile\": \"requirements.txt\", \"envelope\": \"json\"");

        Assert.Equal(
            [
                "'c.yaml' of 'm.mar' has keys without a meaning here: parallelType, torchrun, pt2, handler",
                "deviceType 'neuron' is not known here; a GPU is used if there is one, else the CPU",
                "maxBatchDelay is 90000 ms; 60000 is used, which is the most",
                "'requirements.txt' of 'm.mar' is not looked at: no Python package is installed or needed here",
                "the envelope 'json' of 'm.mar' is not looked at",
            ],
            described.Warnings);
        Assert.Equal(TimeSpan.FromMinutes(1), described.Definition.Batching.MaxQueueDelay);
    }

    [Fact]
    public void Describe_InputsInTheYaml_AreTheDefinitions()
    {
        var definition = Describe([("c.yaml", "inputs: ['x float32 -1,3,8,8', \"n int64 -1\"]\n")], "\"handler\": \"base_handler\", \"configFile\": \"c.yaml\"").Definition;

        Assert.Equal([("x", DType.Float32, "-1,3,8,8"), ("n", DType.Int64, "-1")], definition.Inputs.Select(static input => (input.Name, input.DType, string.Join(',', input.Shape))));
    }

    [Theory]
    [InlineData("inputs: 3", "inputs is not a list of texts")]
    [InlineData("inputs: [x]", "inputs holds 'x'; expected such as 'x float32 -1,3,224,224': name, dtype, sizes")]
    [InlineData("inputs: ['x float33 1']", "inputs holds 'x float33 1'; expected such as 'x float32 -1,3,224,224': name, dtype, sizes")]
    [InlineData("inputs: ['x float32 -2']", "inputs holds 'x float32 -2'; expected such as 'x float32 -1,3,224,224': name, dtype, sizes")]
    [InlineData("batchSize: zero", "batchSize is 'zero'; a whole number from 1 to 65536 belongs there")]
    [InlineData("batchSize: 0", "batchSize is '0'; a whole number from 1 to 65536 belongs there")]
    [InlineData("minWorkers: [1]", "minWorkers is not a number; a whole number from 0 to 1024 belongs there")]
    [InlineData("deviceIds: 1", "deviceIds is not a list of numbers")]
    [InlineData("deviceIds: [[1]]", "deviceIds is not a list of numbers")]
    [InlineData("deviceType: {a: b}", "deviceType is not a text")]
    [InlineData("- a\n- b", "its outermost value is not a mapping")]
    [InlineData("just a text", "its outermost value is not a mapping")]
    [InlineData("? [a]\n: b", "a key is not a text")]
    [InlineData("batchSize: 2\nbatchSize: 3", "the key 'batchSize' is there twice")]
    [InlineData("a: }", "it is not YAML (line 1)")]
    [InlineData("a: b\n---\nc: d", "it holds more than one document")]
    [InlineData("a: !!python/object/apply:os.system [id]", "it has the tag 'tag:yaml.org,2002:python/object/apply:os.system'; tags are not allowed")]
    [InlineData("a: !!javax.script.ScriptEngineManager [x]", "it has the tag 'tag:yaml.org,2002:javax.script.ScriptEngineManager'; tags are not allowed")]
    [InlineData("batchSize: !!int 3", "it has the tag 'tag:yaml.org,2002:int'; tags are not allowed")]
    [InlineData("a: &x [1]\nb: *x", "it has anchors or aliases, which are not allowed")]
    [InlineData("b: *x", "it has anchors or aliases, which are not allowed")]
    public void Describe_YamlThatIsWrongOrAnAttack_SaysWhy(string yaml, string why) => Assert.Equal(
        $"'c.yaml' of 'm.mar': {why}",
        Raises.Serving(ServingError.InvalidArgument, () => Describe([("c.yaml", yaml)], "\"handler\": \"base_handler\", \"configFile\": \"c.yaml\"")));

    [Fact]
    public void Describe_DeepOrLongYaml_IsBounded()
    {
        AssertYaml(new string('[', 20_000), "it is deeper than 16 levels");
        AssertYaml("a: [" + string.Join(',', Enumerable.Repeat("1", 20_000)) + "]", "it has more than 10,000 values");
        Assert.Equal(
            "'m.mar': 'c.yaml' has 300,000 bytes; at most 262,144 are allowed",
            Raises.Serving(ServingError.TooLarge, () => Describe([("c.yaml", new string('#', 300_000))], "\"handler\": \"base_handler\", \"configFile\": \"c.yaml\"")));

        void AssertYaml(string yaml, string why) => Assert.Equal(
            $"'c.yaml' of 'm.mar': {why}",
            Raises.Serving(ServingError.InvalidArgument, () => Describe([("c.yaml", yaml.StartsWith('[') ? "a: " + yaml : yaml)], "\"handler\": \"base_handler\", \"configFile\": \"c.yaml\"")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing but a comment\n")]
    [InlineData("---\n...\n")]
    public void Describe_EmptyYaml_SaysNothing(string yaml) =>
        Assert.Empty(Describe([("c.yaml", yaml)], "\"handler\": \"base_handler\", \"configFile\": \"c.yaml\"").Warnings);

    [Theory]
    [InlineData("""{"0": "cat", "1": "dog"}""", """{"0":"cat","1":"dog"}""")]
    [InlineData("""{"0": ["n01", "cat"], "1": ["n02", "dog"]}""", """{"0":"cat","1":"dog"}""")]
    [InlineData("""{"object_type_names": ["cat", "dog"]}""", """{"0":"cat","1":"dog"}""")]
    [InlineData("""{"object_type_names": "cat"}""", """{"object_type_names":"cat"}""")]
    public void Describe_IndexToName_InItsForms_BecomesOne(string file, string labels)
    {
        var spec = Assert.Single(Describe([("index_to_name.json", file)], "\"handler\": \"image_classifier\"").Definition.Handlers);

        Assert.Equal((HandlerNames.ImageClassifier, labels), (spec.Name, spec.Parameters[HandlerNames.Labels]));
    }

    [Theory]
    [InlineData("[]", "index->name JSON mapping should be in \"class\": \"label\" format.")]
    [InlineData("""{"0": 1}""", "labels in index->name mapping must be either str or List[str]")]
    [InlineData("""{"0": []}""", "labels in index->name mapping must be either str or List[str]")]
    [InlineData("nonsense", "it is not JSON")]
    public void Describe_IndexToNameOfAnotherForm_SaysWhatTorchServeSays(string file, string why) => Assert.Equal(
        "index_to_name.json of 'm.mar': " + why,
        Raises.Serving(ServingError.InvalidArgument, () => Describe([("index_to_name.json", file)], "\"handler\": \"object_detector\"")));

    [Theory]
    [InlineData("\"handler\": \"service.py\"", "wants the Python handler 'service.py', and Python is never run here; if its work is that of one of this server's handlers "
        + "(base_handler, image_classifier, image_segmenter, object_detector and text_classifier), register the archive with handler= and its name, else move its work into the module's forward and use handler=base_handler")]
    [InlineData("\"handler\": \"handler:handle_request\"", "wants the Python handler 'handler.py', and Python is never run here; if its work is that of one of this server's handlers "
        + "(base_handler, image_classifier, image_segmenter, object_detector and text_classifier), register the archive with handler= and its name, else move its work into the module's forward and use handler=base_handler")]
    [InlineData("\"handler\": \"dali_image_classifier\"", "wants the handler dali_image_classifier, which runs NVIDIA's DALI in Python; register it with handler=image_classifier, which does the same to images")]
    [InlineData("\"handler\": \"vllm_handler\"", "wants the handler vllm_handler, which runs a language model in Python; this server runs TorchScript modules")]
    [InlineData("\"handler\": \"trt_llm_handler\"", "wants the handler trt_llm_handler, which runs a language model in Python; this server runs TorchScript modules")]
    [InlineData("\"version\": \"1\"", "names no handler; register it with handler=base_handler (tensors in and out) or another of this server's")]
    [InlineData("\"handler\": \"text_classifier\"", "has no vocabulary; pack it with --extra-files source_vocab.json, an object of numbers by token")]
    public void Describe_HandlerThatIsCode_Refused(string handler, string why) =>
        Assert.Equal($"the archive 'm.mar' {why}", Raises.Serving(ServingError.Unsupported, () => Describe([], handler)));

    [Theory]
    [InlineData("persia_handler.py", "anything")]
    [InlineData("persia_handler.py:handle", "anything")]
    [InlineData("service.py", "import torch\nfrom persia.ctx import InferCtx\n")]
    [InlineData("service:entry", "import persia.ctx\nctx = persia.ctx.InferCtx()\n")]
    public void Describe_PersiasHandler_IsRecognised(string handler, string code)
    {
        var file = handler.Split(':')[0].Replace(".py", "", StringComparison.Ordinal) + ".py";
        Assert.Equal([HandlerNames.Persia], Describe([(file, code)], $"\"handler\": \"{handler}\"").Definition.Handlers.Select(static spec => spec.Name));
    }

    [Fact]
    public void Describe_HandlerOfTheCall_CountsInstead()
    {
        var described = Describe([("index_to_name.json", """{"0":"cat"}""")], "\"handler\": \"service.py\"", new ArchiveOverrides { Handler = "image_classifier" });

        Assert.Equal([HandlerNames.ImageClassifier], described.Definition.Handlers.Select(static spec => spec.Name));
        Assert.Equal("image_classifier", described.Definition.Annotations[ArchiveAnnotations.Handler]);
    }

    [Fact]
    public void Describe_PickledVocabulary_SaysHowToExportIt() => Assert.Equal(
        "the archive 'm.mar' has its vocabulary as a Python pickle, 'source_vocab.pt', which is never executed; write it as JSON with "
        + "json.dump(torch.load('source_vocab.pt').get_stoi(), open('source_vocab.json', 'w')) and pack that file with --extra-files instead",
        Raises.Serving(ServingError.Unsupported, () => Describe([("source_vocab.pt", "x")], "\"handler\": \"text_classifier\"")));

    [Theory]
    [InlineData("\"modelFile\": \"model.py\", \"serializedFile\": \"model.pt\"", "is an eager model: its class is in the Python file 'model.py', and Python is never run here; "
        + "export it with torch.jit.script(model).save('model.pt') and pack it again with --serialized-file model.pt and without --model-file")]
    [InlineData("\"serializedFile\": null", "has no serialized file (its Python handler brings the weights itself, and Python is never run here); pack it again with --serialized-file model.pt, a TorchScript file")]
    [InlineData("\"serializedFile\": \"m.onnx\"", "has the serialized file 'm.onnx', an ONNX model; this server loads TorchScript from .pt, .pth and .torch: convert it in Python with torch.jit.script(model).save('model.pt') and serve that file")]
    [InlineData("\"serializedFile\": \"m.so\"", "has the serialized file 'm.so', a compiled library, and code in archives is never run; this server loads TorchScript from .pt, .pth and .torch: convert it in Python with torch.jit.script(model).save('model.pt') and serve that file")]
    public void Describe_WeightsThatNeedPython_Refused(string entry, string why) =>
        Assert.Equal($"the archive 'm.mar' {why}", Raises.Serving(ServingError.Unsupported, () => DescribeEntry([], "\"handler\": \"base_handler\", " + entry)));

    [Fact]
    public void Describe_WeightsThatAreNotThere_SaysSo() => Assert.Equal(
        "the archive 'm.mar' has no file 'absent.pth', which its manifest names as its serialized file; pack it again with torch-model-archiver",
        Raises.Serving(ServingError.InvalidArgument, () => DescribeEntry([], "\"handler\": \"base_handler\", \"serializedFile\": \"absent.pth\"")));

    [Theory]
    [InlineData("\"modelName\": \"a b\", \"modelVersion\": \"1.0\"", "the definition of 'a b/1.0' is not valid: Name 'a b': 1 to 128 letters, digits or _ - . beginning with a letter or digit")]
    [InlineData("\"modelName\": \"m\", \"modelVersion\": \"v1\"", "the definition of 'm/v1' is not valid: Version 'v1': a whole number from 1 without leading zeros, or whole numbers with points such as 1.0")]
    public void Describe_NameOrVersionThatIsNone_SaysTheRule(string entry, string why)
    {
        var manifest = $$$"""{"runtime":"python","model":{{{{entry}}},"serializedFile":"model.pt","handler":"base_handler"}}""";
        using var archive = Open([("MAR-INF/MANIFEST.json", manifest), ("model.pt", "x")]);

        Assert.Equal(why, Raises.Serving(ServingError.InvalidArgument, () => ArchiveDefinitions.Describe(archive, Source, new ArchiveOverrides())));
    }

    [Theory]
    [InlineData("object_detector")]
    [InlineData("text_classifier")]
    public void Describe_BatchesWhereNoneCanBe_RunsAloneAndSaysSo(string handler)
    {
        var described = Describe([("source_vocab.txt", "a")], $"\"handler\": \"{handler}\"", new ArchiveOverrides { BatchSize = 4 });

        Assert.Equal([$"batchSize is 4, but requests of handler '{handler}' are never joined: each runs alone"], described.Warnings);
        Assert.Equal((0, "4"), (described.Definition.Batching.MaxBatchSize, described.Definition.Annotations[ArchiveAnnotations.BatchSize]));
        Assert.Equal(
            [$"requests of handler '{handler}' cannot be joined, but Batching.MaxBatchSize is 2: 0 or 1"],
            ModelDefinitionValidator.Validate(described.Definition with { Batching = new BatchingOptions { MaxBatchSize = 2 } }));
    }

    [Theory]
    [InlineData("", "local/store:m/model.pt", "m/model.pt")]
    [InlineData("inner/", "local/store:m/inner/model.pt", "m/inner/model.pt")]
    public void Describe_Directory_ServesTheWeightsInIt(string inner, string expected, string file)
    {
        _directory.File($"m/{inner}model.pt");
        _directory.File($"m/{inner}MAR-INF/MANIFEST.json", ZipForge.Manifest);
        using var archive = ModelArchive.Open(Path.Combine(_directory.Path, "m"), "m");

        var source = ArchiveDefinitions.Describe(archive, ModelIdParser.Parse("local/store:m"), new ArchiveOverrides { Sha256 = new string('a', 64) }).Definition;

        Assert.Equal((expected, file, null), (source.Source.ToString(), source.Source.File, source.Sha256));
    }

    public void Dispose() => _directory.Dispose();

    private ArchiveDescription Describe((string Name, string Content)[] files, string entry, ArchiveOverrides? overrides = null, ArchiveOverrides? configured = null) =>
        DescribeEntry(files, entry + ", \"serializedFile\": \"model.pt\"", overrides, configured);

    private ArchiveDescription DescribeEntry((string Name, string Content)[] files, string entry, ArchiveOverrides? overrides = null, ArchiveOverrides? configured = null)
    {
        var manifest = $$$"""{"runtime":"python","model":{"modelName":"m","modelVersion":"1.0",{{{entry}}}}}""";
        using var archive = Open([.. files, ("MAR-INF/MANIFEST.json", manifest), ("model.pt", "x")]);
        return ArchiveDefinitions.Describe(archive, Source, overrides ?? new ArchiveOverrides(), configured);
    }

    private ModelArchive Open((string Name, string Content)[] files)
    {
        var forge = new ZipForge();
        foreach (var (name, content) in files)
            forge.Add(name, content.Length == 0 ? Nothing : Encoding.UTF8.GetBytes(content));
        var path = Path.Combine(_directory.Path, $"{Guid.NewGuid():N}.mar");
        File.WriteAllBytes(path, forge.ToArray());
        return ModelArchive.Open(path, "m.mar");
    }
}
