using Granary.Serving.Models;

namespace Granary.Api.Tests.Hosting;

public class EnvironmentSettingsTests
{
    private static EnvironmentSettings Read(params (string Name, string? Value)[] variables) =>
        EnvironmentSettings.Read(variables.ToDictionary(variable => variable.Name, variable => variable.Value));

    private static StartupModel Model(EnvironmentSettings settings)
    {
        Assert.Empty(settings.Errors);
        return Assert.IsType<StartupModel>(settings.Model);
    }

    [Fact]
    public void Read_Nothing_NamesNoModelAndSetsNothing()
    {
        var settings = Read();

        Assert.Null(settings.Model);
        Assert.Empty(settings.Errors);
        Assert.Empty(settings.Configuration);
    }

    // The env of seed 000's config.json; Docker hands numbers over as text.
    [Fact]
    public void Read_Seed000Configuration_NamesTheArweaveModel()
    {
        var settings = Read(
            ("MODEL_SOURCE", "1"),
            ("LOAD_ARGS", "{\"repo_id\": \"Ritual-Net/sk2torch-example\", \"filename\": \"model.torch\"}"),
            ("USE_JIT", "false"));

        Assert.Equal(new StartupModel(new ModelId(ModelSourceKind.Arweave, "Ritual-Net/sk2torch-example", null, "model.torch"), false, "LOAD_ARGS"), Model(settings));
    }

    // torch_inference_service.env.example of infernet-ml 0.1.0, where Docker keeps the quotes.
    [Fact]
    public void Read_Generation0ExampleFile_NamesTheHubModel()
    {
        var settings = Read(
            ("CLASSIC_INF_WORKFLOW_CLASS", "infernet_ml.workflows.inference.torch_inference_workflow.TorchInferenceWorkflow"),
            ("CLASSIC_INF_WORKFLOW_POSITIONAL_ARGS", "[]"),
            ("CLASSIC_INF_WORKFLOW_KW_ARGS", "'{\"model_source\":\"HUGGINGFACE_HUB\", \"model_args\": {\"repo_id\": \"Ritual-Net/summarizer_models\", \"filename\": \"model.torch\"}}'"),
            ("HUGGING_FACE_HUB_TOKEN", "YOUR_TOKEN_HERE"),
            ("USE_JIT", "false"));

        Assert.Equal(new ModelId(ModelSourceKind.HuggingFace, "Ritual-Net/summarizer_models", null, "model.torch"), Model(settings).Source);
        Assert.Equal("YOUR_TOKEN_HERE", settings.Configuration["Granary:HuggingFace:Token"]);
    }

    // onnx_inference_service.env.example of the same release calls the arguments MODEL_ARGS.
    [Fact]
    public void Read_ModelArgsAndSourceByName_NamesTheHubModel()
    {
        var settings = Read(
            ("MODEL_SOURCE", "HUGGINGFACE_HUB"),
            ("MODEL_ARGS", "'{\"repo_id\": \"Ritual-Net/iris-classification\", \"filename\": \"iris.torch\"}'"));

        Assert.Equal("huggingface/Ritual-Net/iris-classification:iris.torch", Model(settings).Source.ToString());
    }

    [Fact]
    public void Read_Generation2_NamesTheModelById()
    {
        var settings = Read(
            ("TORCH_DEFAULT_MODEL_ID", "huggingface/Ritual-Net/california-housing:california_housing.torch"),
            ("TORCH_CACHE_DIR", "~/.cache/ritual"),
            ("TORCH_USE_JIT", "False"),
            ("TORCH_MODEL_LRU_CACHE_SIZE", "3"),
            ("RUNTIME", "docker"),
            ("HOME", "/root"));

        var model = Model(settings);
        Assert.Equal(new ModelId(ModelSourceKind.HuggingFace, "Ritual-Net/california-housing", null, "california_housing.torch"), model.Source);
        Assert.False(model.RequireTorchScript);
        Assert.Equal("/root/.cache/ritual", settings.Configuration["Granary:LocalSource:InfernetCache"]);
        Assert.Equal("/root/.cache/ritual/granary", settings.Configuration["Granary:Weights:Directory"]);
        Assert.Equal("3", settings.Configuration["Granary:ModelMemory:MaxResidentModels"]);
        Assert.Equal("0.0.0.0:3000", settings.Configuration["Granary:Server:Bind:0"]);
    }

    [Theory]
    [InlineData("path")]
    [InlineData("model_path")]
    public void Read_LocalSource_TakesEitherNameOfThePath(string name)
    {
        var settings = Read(("MODEL_SOURCE", "0"), ("LOAD_ARGS", $"{{\"{name}\": \"/models/housing.pt\"}}"));

        Assert.Equal(new ModelId(ModelSourceKind.Local, "/models/housing.pt", null, null), Model(settings).Source);
    }

    [Fact]
    public void Read_LoadArgsWithEveryKey_UsesThoseThatMatter()
    {
        var settings = Read(
            ("MODEL_SOURCE", "arweave"),
            ("LOAD_ARGS", "\"{\"repo_id\":\"owner/name\",\"filename\":\"a.torch\",\"version\":\"v1\",\"cache_path\":\"/cache\",\"owners\":[\"x\"]}\""));

        Assert.Equal(new ModelId(ModelSourceKind.Arweave, "owner/name", "v1", "a.torch"), Model(settings).Source);
    }

    [Theory]
    [InlineData("true", "2", true)]
    [InlineData("TRUE", "2", true)]
    [InlineData("1", "2", true)]
    [InlineData("t", "2", true)]
    [InlineData("yes", "2", true)]
    [InlineData("on", "2", true)]
    [InlineData("False", "2", false)]
    [InlineData("0", "2", false)]
    [InlineData("", "2", false)]
    public void Read_UseJit_TakesEverySpelling(string value, string source, bool expected)
    {
        foreach (var name in new[] { "USE_JIT", "TORCH_USE_JIT" })
        {
            var settings = Read((name, value), ("MODEL_SOURCE", source), ("LOAD_ARGS", "{\"repo_id\":\"a/b\",\"filename\":\"c.pt\"}"));
            Assert.Equal(expected, Model(settings).RequireTorchScript);
            Assert.Equal(expected ? "True" : null, settings.Configuration.GetValueOrDefault("Granary:AdHocModels:RequireTorchScript"));
        }
    }

    [Fact]
    public void Read_OldWorkflowWithModelName_TakesTheFileNameVariable()
    {
        var settings = Read(
            ("CLASSIC_INF_WORKFLOW_CLASS", "ml.workflows.inference.torch_inference_workflow.TorchInferenceWorkflow"),
            ("CLASSIC_INF_WORKFLOW_KW_ARGS", "{\"model_name\":\"Ritual-Net/summarizer_models\"}"),
            ("TORCH_MODEL_FILE_NAME", "other.torch"));

        Assert.Equal("huggingface/Ritual-Net/summarizer_models:other.torch", Model(settings).Source.ToString());
    }

    [Fact]
    public void Read_OldWorkflowWithArweave_DefaultsTheFileName()
    {
        var settings = Read(
            ("CLASSIC_INF_WORKFLOW_POSITIONAL_ARGS", "[\"Ritual-Net/summarizer_models\"]"),
            ("USE_ARWEAVE", "true"),
            ("ALLOWED_ARWEAVE_OWNERS", "abc, def"));

        Assert.Equal("arweave/Ritual-Net/summarizer_models:model.torch", Model(settings).Source.ToString());
        Assert.Equal("abc", settings.Configuration["Granary:SourcePolicy:AllowedOwners:Arweave:0"]);
        Assert.Equal("def", settings.Configuration["Granary:SourcePolicy:AllowedOwners:Arweave:1"]);
    }

    [Fact]
    public void Read_WorkflowWithPositionalArguments_TakesSourceAndArguments()
    {
        var settings = Read(("TORCH_INF_WORKFLOW_POSITIONAL_ARGS", "[\"local\", {\"model_path\": \"/models/a.torch\"}]"), ("TORCH_INF_WORKFLOW_CLASS", "TorchInferenceWorkflow"));

        Assert.Equal("local//models/a.torch", Model(settings).Source.ToString());
    }

    [Fact]
    public void Read_WorkflowOfAnotherClass_IsNamedInTheError()
    {
        var settings = Read(("TORCH_INF_WORKFLOW_CLASS", "infernet_ml.workflows.inference.llm_inference_workflow.TGIClientInferenceWorkflow"));

        var error = Assert.Single(settings.Errors);
        Assert.Contains("TORCH_INF_WORKFLOW_CLASS", error);
        Assert.Contains("TGIClientInferenceWorkflow", error);
        Assert.Contains("TorchInferenceWorkflow", error);
    }

    [Fact]
    public void Read_OwnersAsJson_AreTheSame()
    {
        var settings = Read(("ALLOWED_ARWEAVE_OWNERS", "[\"abc\",\"def\"]"));

        Assert.Equal("abc", settings.Configuration["Granary:SourcePolicy:AllowedOwners:Arweave:0"]);
        Assert.Equal("def", settings.Configuration["Granary:SourcePolicy:AllowedOwners:Arweave:1"]);
    }

    [Fact]
    public void Read_HubVariables_SetTheHub()
    {
        var settings = Read(
            ("HUGGING_FACE_HUB_TOKEN", "old"),
            ("HF_TOKEN", "\"new\""),
            ("HF_ENDPOINT", "http://mirror.local"),
            ("HF_HUB_OFFLINE", "1"));

        Assert.Empty(settings.Errors);
        Assert.Equal("new", settings.Configuration["Granary:HuggingFace:Token"]);
        Assert.Equal("http://mirror.local", settings.Configuration["Granary:HuggingFace:Endpoint"]);
        Assert.Equal("True", settings.Configuration["Granary:HuggingFace:Offline"]);
    }

    [Theory]
    [InlineData("/cache/hub", null, "/cache/hub")]
    [InlineData(null, "~/hf", "/root/hf/hub")]
    [InlineData("~/a", "/b", "/root/a")]
    [InlineData(null, null, null)]
    public void Read_CachesOfTheHub_AreWhereItsToolsHaveThem(string? cache, string? home, string? expected)
    {
        var settings = Read(("HF_HUB_CACHE", cache), ("HF_HOME", home), ("HOME", "/root"));

        Assert.Equal(expected, settings.Configuration.GetValueOrDefault("Granary:HuggingFace:HubCache"));
    }

    [Fact]
    public void Read_TwoGenerations_NewestWinsWithAWarning()
    {
        var settings = Read(
            ("TORCH_DEFAULT_MODEL_ID", "huggingface/a/b:new.torch"),
            ("MODEL_SOURCE", "2"),
            ("LOAD_ARGS", "{\"repo_id\":\"a/b\",\"filename\":\"old.torch\"}"));

        Assert.Equal("huggingface/a/b:new.torch", Model(settings).Source.ToString());
        var warning = Assert.Single(settings.Warnings);
        Assert.Contains("LOAD_ARGS", warning);
        Assert.Contains("TORCH_DEFAULT_MODEL_ID", warning);
    }

    [Fact]
    public void Read_TwoGenerationsOfOneModel_WarnsOfNothing()
    {
        var settings = Read(
            ("TORCH_DEFAULT_MODEL_ID", "huggingface/a/b:same.torch"),
            ("MODEL_SOURCE", "2"),
            ("LOAD_ARGS", "{\"repo_id\":\"a/b\",\"filename\":\"same.torch\"}"));

        Assert.NotNull(settings.Model);
        Assert.Empty(settings.Warnings);
    }

    [Fact]
    public void Read_EverythingWrong_ReportsEveryMistakeOnce()
    {
        var settings = Read(
            ("TORCH_DEFAULT_MODEL_ID", "some/invalid-model-format"),
            ("MODEL_SOURCE", "7"),
            ("LOAD_ARGS", "{\"repo_id\": 5, \"filename\""),
            ("USE_JIT", "maybe"),
            ("TORCH_MODEL_LRU_CACHE_SIZE", "many"),
            ("HF_HUB_OFFLINE", "sometimes"),
            ("ALLOWED_ARWEAVE_OWNERS", "[1]"),
            ("TORCH_INF_WORKFLOW_KW_ARGS", "[]"));

        Assert.Null(settings.Model);
        string[] names = ["TORCH_DEFAULT_MODEL_ID", "MODEL_SOURCE", "LOAD_ARGS", "USE_JIT", "TORCH_MODEL_LRU_CACHE_SIZE", "HF_HUB_OFFLINE", "ALLOWED_ARWEAVE_OWNERS", "TORCH_INF_WORKFLOW_KW_ARGS"];
        foreach (var name in names)
            Assert.Single(settings.Errors, error => error.StartsWith(name, StringComparison.Ordinal));
        Assert.Equal(names.Length, settings.Errors.Count);
    }

    [Theory]
    [InlineData("2", null, "LOAD_ARGS")]
    [InlineData(null, "{\"repo_id\":\"a/b\",\"filename\":\"c\"}", "MODEL_SOURCE")]
    [InlineData("2", "{\"repo_id\":\"a/b\"}", "filename")]
    [InlineData("2", "{\"filename\":\"c\"}", "repo_id")]
    [InlineData("2", "{\"repo_id\":\"a\",\"filename\":\"c\"}", "repo_id")]
    [InlineData("2", "{\"repo_id\":\"a/b\",\"filename\":7}", "filename in LOAD_ARGS")]
    [InlineData("0", "{}", "path")]
    [InlineData("2", "[1]", "LOAD_ARGS is a JSON array")]
    [InlineData("nowhere", "{\"repo_id\":\"a/b\",\"filename\":\"c\"}", "nowhere")]
    public void Read_IncompleteArguments_SaysWhatIsMissing(string? source, string? arguments, string part)
    {
        var settings = Read(("MODEL_SOURCE", source), ("LOAD_ARGS", arguments));

        Assert.Null(settings.Model);
        Assert.Contains(part, Assert.Single(settings.Errors));
    }

    [Fact]
    public void Read_EmptyVariables_CountAsNotSet()
    {
        var settings = Read(("MODEL_SOURCE", ""), ("LOAD_ARGS", "''"), ("TORCH_DEFAULT_MODEL_ID", " "), ("HF_TOKEN", ""));

        Assert.Null(settings.Model);
        Assert.Empty(settings.Errors);
        Assert.Empty(settings.Configuration);
    }
}
