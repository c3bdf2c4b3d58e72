using System.Text;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Formats.Triton.Repository;

public sealed class ModelRepositoryManagerTests
{
    private static void Explicit(ModelRepositoryOptions options) => options.ControlMode = ModelControlMode.Explicit;

    [Fact]
    public async Task StartAsync_ModeNone_LoadsTheNewestVersionOfEveryModel()
    {
        await using var bed = new RepositoryBed();
        bed.Model("a", "one", "one");
        bed.Model("b", "one");
        bed.Write("b/config.pbtxt", "name: 'b' version_policy { all { } }");

        Assert.Empty(await bed.Manager.StartAsync(default));

        Assert.Equal("a 2 Ready;b 1 Ready", await bed.IndexAsync());
        Assert.Equal("2,4", await bed.InferAsync("a", "2"));
        Assert.Equal("2", (await bed.Catalog.FindAsync("a"))!.DefaultVersion);
        Assert.Empty(await bed.Manager.NotReadyAsync());
    }

    [Fact]
    public async Task StartAsync_SomeModelsBroken_LoadsTheOthersAndSaysWhy()
    {
        await using var bed = new RepositoryBed();
        bed.Model("good", "one");
        bed.Model("bad", "bad");
        bed.Model("worse", "one");
        bed.Write("worse/config.pbtxt", "name: 'worse'\ninputs { }");
        bed.Write("readme/notes.txt", "no model");

        var failures = await bed.Manager.StartAsync(default);

        Assert.Equal(
            [
                "failed to load 'bad', version 1: 'bad/1/model.pt' is no model that this server knows",
                "failed to load 'worse', failed to poll from model repository: worse/config.pbtxt:2:1: Message type \"inference.ModelConfig\" has no field named \"inputs\". Did you mean \"input\"?",
            ],
            failures);
        Assert.Equal("failed to load all models: " + string.Join("; ", failures), bed.Manager.StartFailure);
        Assert.Equal("good 1 Ready", await bed.IndexAsync(readyOnly: true));
        Assert.StartsWith("bad 1 Unavailable 'bad/1/model.pt' is no model that this server knows;good 1 Ready;worse  Unavailable worse/config.pbtxt:2:1:", await bed.IndexAsync(), StringComparison.Ordinal);
        Assert.Equal(2, (await bed.Manager.NotReadyAsync()).Count);
        Assert.Null(await bed.Catalog.FindAsync("bad"));
        Assert.Contains("Warning: model repository: directory 'readme' is no model: it has neither config.pbtxt nor a version directory with files", bed.Log.Lines);
    }

    [Fact]
    public async Task NotReadyAsync_StrictOrNot_CountsFailuresOnlyWhenStrict()
    {
        await using var bed = new RepositoryBed(options => options.StrictReadiness = false);
        bed.Model("bad", "bad");
        Assert.Equal(["the models of the repository are being loaded"], await bed.Manager.NotReadyAsync());

        await bed.Manager.StartAsync(default);

        Assert.Empty(await bed.Manager.NotReadyAsync());
    }

    [Theory]
    [InlineData(ModelControlMode.None)]
    [InlineData(ModelControlMode.Poll)]
    public async Task LoadAsync_NotExplicit_IsRefusedInTritonsWords(ModelControlMode mode)
    {
        await using var bed = new RepositoryBed(options => options.ControlMode = mode);

        const string Expected = "explicit model load / unload is not allowed if polling is enabled";
        Assert.Equal(Expected, await Raises.ServingAsync(ServingError.Unavailable, () => bed.Manager.LoadAsync("a")));
        Assert.Equal(Expected, await Raises.ServingAsync(ServingError.Unavailable, () => bed.Manager.UnloadAsync("a")));
    }

    [Theory]
    [InlineData(" ", "Model name cannot be empty. Please enter a valid name to deploy.")]
    [InlineData("..", "invalid model name '..', model name must not contain path traversal characters")]
    [InlineData("../models/a", "invalid model name '../models/a', model name must not contain path traversal characters")]
    public async Task LoadAsync_WrongNames_AreRefusedInTritonsWords(string name, string expected)
    {
        await using var bed = new RepositoryBed(Explicit);

        Assert.Equal(expected, await Raises.ServingAsync(ServingError.InvalidArgument, () => bed.Manager.LoadAsync(name)));
    }

    [Fact]
    public async Task LoadAsync_Explicit_LoadsUnloadsAndTellsStates()
    {
        await using var bed = new RepositoryBed(options =>
        {
            Explicit(options);
            options.LoadModels = ["a"];
        });
        bed.Model("a", "one");
        bed.Model("b", "one");
        await bed.Manager.StartAsync(default);
        Assert.Equal("a 1 Ready;b", await bed.IndexAsync());

        await bed.Manager.LoadAsync("b");
        await bed.Manager.UnloadAsync("a");
        await bed.Manager.UnloadAsync("never");

        Assert.Equal("a 1 Unavailable unloaded;b 1 Ready", await bed.IndexAsync());
        Assert.Empty(await bed.Manager.NotReadyAsync());
        await Raises.ServingAsync(ServingError.NotFound, () => bed.InferAsync("a", "1"));
        Assert.True(bed.Loader.Modules.First().IsDisposed);
        await bed.Manager.LoadAsync("a");
        Assert.Equal("2,4", await bed.InferAsync("a", "1"));
    }

    [Fact]
    public async Task LoadAsync_LoadingAll_TakesTheWildcard()
    {
        await using var bed = new RepositoryBed(options =>
        {
            Explicit(options);
            options.LoadModels = ["*"];
        });
        bed.Model("a", "one");
        bed.Model("b", "one");

        await bed.Manager.StartAsync(default);

        Assert.Equal("a 1 Ready;b 1 Ready", await bed.IndexAsync());
    }

    [Fact]
    public async Task LoadAsync_UnknownModel_FailedToPoll()
    {
        await using var bed = new RepositoryBed(Explicit);

        Assert.Equal(
            "failed to load 'x', failed to poll from model repository: there is no such directory in any model repository",
            await Raises.ServingAsync(ServingError.Internal, () => bed.Manager.LoadAsync("x")));
    }

    [Fact]
    public async Task LoadAsync_WhileALoadRuns_ShowsItAndWaitsForItsTurn()
    {
        await using var bed = new RepositoryBed(Explicit);
        bed.Model("a", "one");
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bed.Loading = _ =>
        {
            begun.TrySetResult();
            return go.Task;
        };

        var first = bed.Manager.LoadAsync("a");
        await begun.Task;
        var second = bed.Manager.LoadAsync("a");
        var index = await bed.IndexAsync();
        var reasons = await bed.Manager.NotReadyAsync();
        go.SetResult();
        await first;
        await second;

        Assert.Equal("a 1 Loading", index);
        Assert.Equal(1, bed.Loader.Loads);
        Assert.Equal(["the models of the repository are being loaded"], reasons);
    }

    [Fact]
    public async Task LoadAsync_ChangedFileThatCannotBeLoaded_KeepsTheOldOneServing()
    {
        await using var bed = new RepositoryBed(Explicit);
        bed.Model("a", "one");
        await bed.Manager.LoadAsync("a");
        bed.Write("a/1/model.pt", "bad now");

        var message = await Raises.ServingAsync(ServingError.Internal, () => bed.Manager.LoadAsync("a"));

        Assert.StartsWith("failed to load 'a', version 1: 'a/1/model.pt' is no model", message, StringComparison.Ordinal);
        Assert.Equal("a 1 Ready", await bed.IndexAsync());
        Assert.Equal("2,4", await bed.InferAsync("a", "1"));
        Assert.Single(await bed.Catalog.ListAsync());
    }

    [Fact]
    public async Task LoadAsync_ChangedFile_IsServedAndNothingElseIsLeft()
    {
        await using var bed = new RepositoryBed(Explicit);
        bed.Model("a", "one");
        await bed.Manager.LoadAsync("a");
        var before = (await bed.Catalog.FindAsync("a"))!.Default;
        bed.Write("a/1/model.pt", "another one");

        await bed.Manager.LoadAsync("a");
        await bed.Manager.LoadAsync("a");

        var after = Assert.Single(await bed.Catalog.ListAsync()).Default;
        Assert.NotEqual(before.Sha256, after.Sha256);
        Assert.Equal("2,4", await bed.InferAsync("a", "1"));
        // Once for each of: the first file, the try of the second one, the second one.
        Assert.Equal(3, bed.Loader.Loads);
        Assert.Single(bed.Loader.Modules, module => !module.IsDisposed);
    }

    [Fact]
    public async Task LoadAsync_VersionsComeAndGo_TheDefaultIsTheNewest()
    {
        await using var bed = new RepositoryBed(Explicit);
        bed.Model("a", "one", "one");
        bed.Write("a/config.pbtxt", "version_policy { latest { num_versions: 2 } }");
        await bed.Manager.LoadAsync("a");
        bed.Write("a/10/model.pt", "one");

        await bed.Manager.LoadAsync("a");

        Assert.Equal("a 1 Unavailable unloaded;a 2 Ready;a 10 Ready", await bed.IndexAsync());
        Assert.Equal("10", (await bed.Catalog.FindAsync("a"))!.DefaultVersion);
    }

    [Fact]
    public async Task LoadAsync_ConfigThatDoesNotFitTheModule_Fails()
    {
        await using var bed = new RepositoryBed(Explicit);
        bed.Model("a", "two");
        bed.Write("a/config.pbtxt", "input { name: 'x' data_type: TYPE_FP64 dims: 2 } output { name: 'o' data_type: TYPE_FP64 dims: 2 }");

        Assert.Equal(
            "failed to load 'a', version 1: unable to load model 'a', configuration expects 1 inputs, model provides 2: forward(x: Tensor, y: Tensor)",
            await Raises.ServingAsync(ServingError.Internal, () => bed.Manager.LoadAsync("a")));
        Assert.Empty(await bed.Catalog.ListAsync());
    }

    [Fact]
    public async Task LoadAsync_ConfigOverride_ReplacesTheFileUntilTheNextLoad()
    {
        await using var bed = new RepositoryBed(Explicit);
        bed.Model("a", "one");
        bed.Write("a/config.pbtxt", "max_batch_size: 4");
        var models = new ServedModels(bed.Catalog, bed.Cluster, static () => new(2, 0));

        await bed.Manager.LoadAsync("a", new ModelOverride { Config = """{"max_batch_size":"16"}""" });
        Assert.Equal(16, (await models.GetAsync("a", "")).Config.MaxBatchSize);
        await bed.Manager.LoadAsync("a");
        Assert.Equal(4, (await models.GetAsync("a", "")).Config.MaxBatchSize);

        var message = await Raises.ServingAsync(ServingError.Internal, () => bed.Manager.LoadAsync("a", new ModelOverride { Config = """{"max_batch":1}""" }));
        Assert.StartsWith("failed to load 'a', failed to poll from model repository: max_batch: Message type", message, StringComparison.Ordinal);
        Assert.Equal(4, (await models.GetAsync("a", "")).Config.MaxBatchSize);
    }

    [Fact]
    public async Task LoadAsync_FileOverride_ServesTheFilesAndDropsThemAfterwards()
    {
        await using var bed = new RepositoryBed(Explicit);
        var files = new Dictionary<string, byte[]> { ["7/model.pt"] = Encoding.UTF8.GetBytes("one") };

        await bed.Manager.LoadAsync("new", new ModelOverride { Config = "{}", Files = files });

        Assert.Equal("new 7 Ready", await bed.IndexAsync());
        Assert.Equal("2,4", await bed.InferAsync("new", "7"));
        await bed.Manager.UnloadAsync("new");
        Assert.Empty(Directory.EnumerateFileSystemEntries(bed.Options.OverrideDirectory));
    }

    [Theory]
    [InlineData("../../evil/model.pt")]
    [InlineData("/etc/model.pt")]
    [InlineData("1/../../x")]
    [InlineData("1\\model.pt")]
    [InlineData("")]
    public async Task LoadAsync_FileOverrideOutsideTheModel_IsRefused(string path)
    {
        await using var bed = new RepositoryBed(Explicit);
        var files = new Dictionary<string, byte[]> { [path] = [1] };

        var message = await Raises.ServingAsync(ServingError.Internal, () => bed.Manager.LoadAsync("new", new ModelOverride { Config = "{}", Files = files }));

        Assert.Equal($"failed to load 'new', failed to poll from model repository: Invalid file parameter 'file:{path}' must stay within model directory.", message);
    }

    [Fact]
    public async Task LoadAsync_FileOverrideWithoutConfigOrWithAnImpossibleName_FailsToPoll()
    {
        await using var bed = new RepositoryBed(Explicit);
        var files = new Dictionary<string, byte[]> { [new string('A', 256)] = [1] };

        Assert.Equal(
            "failed to load 'new', failed to poll from model repository: Load parameter 'config' must be specified for model file override",
            await Raises.ServingAsync(ServingError.Internal, () => bed.Manager.LoadAsync("new", new ModelOverride { Files = files })));
        Assert.StartsWith(
            "failed to load 'new', failed to poll from model repository: Invalid file parameter",
            await Raises.ServingAsync(ServingError.Internal, () => bed.Manager.LoadAsync("new", new ModelOverride { Config = "{}", Files = files })), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadAsync_NameOfSomebodyElse_IsLeftAlone()
    {
        await using var bed = new RepositoryBed(Explicit);
        bed.Model("a", "one");
        await bed.Catalog.RegisterAsync(new ModelDefinition { Name = "a", Version = "1", Source = new ModelId(ModelSourceKind.Local, "other.pt", null, null) });

        Assert.Contains("is in the catalog but not from a model repository", await Raises.ServingAsync(ServingError.Internal, () => bed.Manager.LoadAsync("a")), StringComparison.Ordinal);
        Assert.Contains("failed to unload 'a'", await Raises.ServingAsync(ServingError.Internal, () => bed.Manager.UnloadAsync("a")), StringComparison.Ordinal);
        Assert.Equal("a 1 Ready", await bed.IndexAsync(readyOnly: true));
    }

    [Fact]
    public async Task StartAsync_AfterARestart_ForgetsWhatIsNotToBeLoaded()
    {
        var folder = new TempDirectory();
        await using (var first = new RepositoryBed(Explicit, folder))
        {
            first.Model("a", "one");
            first.Model("b", "one");
            await first.Manager.LoadAsync("a");
            await first.Manager.LoadAsync("b");
            await first.Catalog.RegisterAsync(new ModelDefinition { Name = "hand", Version = "1", Source = new ModelId(ModelSourceKind.Local, "x.pt", null, null) });
            var catalog = await first.Catalog.ListAsync();
            Assert.Equal(3, catalog.Count);
            await using var second = new RepositoryBed(options =>
            {
                Explicit(options);
                options.LoadModels = ["b"];
                options.Paths = [first.Root];
            });
            foreach (var model in catalog)
                await second.Catalog.RegisterAsync(model.Default);

            await second.Manager.StartAsync(default);

            Assert.Equal(["b", "hand"], (await second.Catalog.ListAsync()).Select(model => model.Name));
        }
    }

    [Fact]
    public async Task StartAsync_OneNameInTwoRepositories_IsLoadedFromNeither()
    {
        using var other = new TempDirectory();
        other.File("a/1/model.pt", "one");
        await using var bed = new RepositoryBed(options => options.Paths = [.. options.Paths, other.Path]);
        bed.Model("a", "one");
        bed.Model("b", "one");

        var failures = await bed.Manager.StartAsync(default);

        Assert.Equal(["failed to poll model 'a': not unique across all model repositories"], failures);
        Assert.Equal("a  Unavailable failed to poll model 'a': not unique across all model repositories;b 1 Ready", await bed.IndexAsync());
    }

    [Fact]
    public async Task StartAsync_WarmUps_AreMadeAndFailTheLoadWhenTheyFail()
    {
        await using var bed = new RepositoryBed();
        const string Tensors = "max_batch_size: 8 input { name: 'INPUT__0' data_type: TYPE_FP64 dims: 2 } output { name: 'OUTPUT__0' data_type: TYPE_FP64 dims: 2 } ";
        bed.Model("good", "one");
        bed.Write("good/config.pbtxt", Tensors + "model_warmup { name: 'w' batch_size: 3 count: 4 inputs { key: 'INPUT__0' value { data_type: TYPE_FP64 dims: 2 random_data: true } } }");
        bed.Model("file", "one");
        bed.Write("file/warmup/rows", new string('x', 15));
        bed.Write("file/config.pbtxt", Tensors + "model_warmup { name: 'w' batch_size: 1 inputs { key: 'INPUT__0' value { data_type: TYPE_FP64 dims: 2 input_data_file: 'rows' } } }");
        bed.Model("name", "one");
        bed.Write("name/config.pbtxt", Tensors + "model_warmup { name: 'w' inputs { key: 'x' value { data_type: TYPE_FP64 dims: 2 zero_data: true } } }");

        var failures = await bed.Manager.StartAsync(default);

        Assert.Equal(
            [
                "failed to load 'file', version 1: warm-up 'w': 'warmup/rows' has 15 bytes, input 'INPUT__0' needs 16",
                "failed to load 'name', version 1: warm-up 'w': unexpected inference input 'x' for model 'name'",
            ],
            failures);
        // Three calls of the activation's own warm-up, then the four of the configuration.
        Assert.Contains(bed.Loader.Modules, module => module.Calls == 7);
    }

    [Fact]
    public async Task Manager_WithoutRepositories_ShowsTheCatalogAndIsReady()
    {
        await using var bed = new RepositoryBed(options => options.Paths = []);
        await bed.Catalog.RegisterAsync(new ModelDefinition { Name = "hand", Version = "1", Source = new ModelId(ModelSourceKind.Local, "x.pt", null, null) });

        Assert.Empty(await bed.Manager.NotReadyAsync());
        Assert.Equal("hand 1 Ready", await bed.IndexAsync());
    }
}
