using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;
using Granary.Serving.Tests.Support;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Triton.Repository;

public sealed class RepositoryModelReaderTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    private void Write(string path, string content = "weights") => _folder.File(Path.Combine("repo", path), content);

    private async Task<LoadPlan> ReadAsync(string name = "m", ModelRepositoryOptions? options = null)
    {
        var scan = await new RepositoryScanner([new LocalRepositoryStore(Path.Combine(_folder.Path, "repo"))]).ScanAsync(name, default);
        Assert.True(scan.Models.ContainsKey(name), string.Join("; ", scan.Problems.Values));
        return await new RepositoryModelReader(options ?? new ModelRepositoryOptions(), static () => new HostCapacity(2, 0)).ReadAsync(scan.Models[name], null, default);
    }

    private Task<string> FaultAsync() => Raises.ServingAsync(ServingError.InvalidArgument, () => ReadAsync());

    [Fact]
    public async Task ReadAsync_KServesExample_BecomesADefinition()
    {
        Write("cifar10/config.pbtxt", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Formats", "Triton", "Golden", "cifar10.pbtxt")));
        Write("cifar10/1/model.pt");

        var plan = await ReadAsync("cifar10");

        var definition = Assert.Single(plan.Definitions);
        Assert.Equal(("cifar10/1", "cpu", 1, int.MaxValue), (definition.Key.ToString(), definition.Device, definition.Instances, definition.MaxQueueSize));
        Assert.Equal($"{_folder.Path}/repo/cifar10/1/model.pt", definition.Source.Repository);
        Assert.True(definition.Trusted);
        Assert.Equal(Timeout.InfiniteTimeSpan, definition.IdleTimeout);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("weights"u8)), definition.Sha256);
        var input = Assert.Single(definition.Inputs);
        Assert.Equal(("INPUT__0", DType.Float32), (input.Name, input.DType));
        Assert.Equal([-1, 3, 32, 32], input.Shape);
        Assert.Equal(0, definition.Batching.MaxBatchSize);
        Assert.Equal(ModelConfigCodec.ToJson(plan.Config), definition.Annotations["triton.config"]);
        Assert.Matches("^repo-[0-9a-f]{8}$", definition.Annotations["triton.repository"]);
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public async Task ReadAsync_NoConfig_TakesWhatIsThere()
    {
        Write("m/1/model.pt");
        Write("m/2/net.torch");
        Write("m/2/notes.txt");

        var plan = await ReadAsync();

        var definition = Assert.Single(plan.Definitions);
        Assert.Equal(("2", "auto", 0), (definition.Version, definition.Device, definition.Instances));
        Assert.EndsWith("/m/2/net.torch", definition.Source.Repository, StringComparison.Ordinal);
        Assert.Empty(definition.Inputs);
        Assert.Equal("pytorch_libtorch", plan.Config.Platform);
        Assert.Equal(2, plan.Config.InstanceGroup[0].Count);
    }

    [Fact]
    public async Task ReadAsync_Batching_GoesIntoTheDefinition()
    {
        Write("m/1/model.pt");
        Write("m/config.pbtxt", """
            max_batch_size: 8
            input { name: "x" data_type: TYPE_FP32 dims: [ 4 ] reshape { shape: [ 2, 2 ] } }
            dynamic_batching {
              preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 500 preserve_ordering: false
              priority_levels: 2 default_priority_level: 2
              default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 1000 allow_timeout_override: true max_queue_size: 10 }
              priority_queue_policy { key: 1 value { max_queue_size: 3 } }
            }
            """);

        var definition = (await ReadAsync()).Definitions[0];

        var batching = definition.Batching;
        Assert.Equal((8, TimeSpan.FromMicroseconds(500), 2, 2), (batching.MaxBatchSize, batching.MaxQueueDelay, batching.Priorities, batching.DefaultPriority));
        Assert.Equal([4, 8], batching.PreferredSizes);
        Assert.Equal(new QueuePolicy { TimeoutAction = QueueTimeoutAction.Delay, Timeout = TimeSpan.FromMilliseconds(1), AllowTimeoutOverride = true, MaxQueueSize = 10 }, batching.Queue);
        Assert.Equal(3, batching.PriorityQueues[1].MaxQueueSize);
        Assert.Equal(int.MaxValue, definition.MaxQueueSize);
        Assert.Equal([-1, 2, 2], definition.Inputs[0].Shape);
    }

    [Fact]
    public async Task ReadAsync_QueueWithoutBatchDimension_KeepsItsRules()
    {
        Write("m/1/model.pt");
        Write("m/config.pbtxt", "dynamic_batching { default_queue_policy { max_queue_size: 4 } }");

        var batching = (await ReadAsync()).Definitions[0].Batching;

        Assert.Equal((0, 4), (batching.MaxBatchSize, batching.Queue.MaxQueueSize));
        Assert.Empty(batching.PreferredSizes);
    }

    [Theory]
    [InlineData("", "auto", 0)]
    [InlineData("instance_group { }", "auto", 1)]
    [InlineData("instance_group { kind: KIND_CPU count: 3 }", "cpu", 3)]
    [InlineData("instance_group { kind: KIND_GPU count: 2 gpus: [ 1, 2 ] }", "cuda:1", 4)]
    [InlineData("instance_group { kind: KIND_GPU }", "cuda:0", 1)]
    [InlineData("instance_group { kind: KIND_MODEL }", "auto", 1)]
    [InlineData("instance_group { kind: KIND_CPU passive: true } instance_group { kind: KIND_CPU count: 2 } instance_group { kind: KIND_CPU count: 2 }", "cpu", 4)]
    public async Task ReadAsync_InstanceGroups_BecomeDeviceAndInstances(string text, string device, int instances)
    {
        Write("m/1/model.pt");
        Write("m/config.pbtxt", text);

        var definition = (await ReadAsync()).Definitions[0];

        Assert.Equal((device, instances), (definition.Device, definition.Instances));
    }

    [Fact]
    public async Task ReadAsync_Labels_GoToTheirOutputs()
    {
        Write("m/1/model.pt");
        Write("m/names/labels.txt", "cat\r\ndog\n\nbird\n");
        Write("m/config.pbtxt", "output { name: 'y' data_type: TYPE_FP32 dims: 4 label_filename: 'names/labels.txt' }");

        Assert.Equal(["cat", "dog", "", "bird"], (await ReadAsync()).Definitions[0].Outputs[0].Labels);
    }

    [Theory]
    [InlineData("", "3")]
    [InlineData("version_policy { all { } }", "1 2 3")]
    [InlineData("version_policy { latest { num_versions: 2 } }", "2 3")]
    [InlineData("version_policy { latest { num_versions: 4294967295 } }", "1 2 3")]
    [InlineData("version_policy { specific { versions: [ 3, 1, 9 ] } }", "1 3")]
    public async Task ReadAsync_VersionPolicies_Choose(string policy, string expected)
    {
        Write("m/1/model.pt");
        Write("m/2/model.pt");
        Write("m/3/model.pt");
        Write("m/04/model.pt");
        Write("m/0/model.pt");
        Write("m/x5/model.pt");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "repo/m/7"));
        Write("m/config.pbtxt", policy);

        var plan = await ReadAsync();

        Assert.Equal(expected, string.Join(' ', plan.Definitions.Select(definition => definition.Version)));
        Assert.Contains("ignore version directory '04' which contains leading zeros in its directory name", plan.Warnings);
        Assert.Equal(policy.Contains("specific", StringComparison.Ordinal), plan.Warnings.Contains("version 9 is specified for model 'm', but the version directory is not present"));
    }

    [Theory]
    [InlineData("name: 'other'", "unexpected directory name 'm' for model 'other', directory name must equal model name")]
    [InlineData("max_batch_size: -1", "'max_batch_size' must be non-negative value for m")]
    [InlineData("default_model_filename: 'other.pt'", "version 1 of model 'm' has no file 'other.pt'; in it: model.pt")]
    [InlineData("default_model_filename: '../../../etc/passwd'", "default_model_filename of model 'm' is '../../../etc/passwd'; it must be a file inside the model's directory")]
    [InlineData("default_model_filename: '/etc/passwd'", "default_model_filename of model 'm' is '/etc/passwd'; it must be a file inside the model's directory")]
    [InlineData("output { name: 'y' data_type: TYPE_FP32 dims: 4 label_filename: '/etc/passwd' }", "label_filename of output 'y' of model 'm' is '/etc/passwd'; it must be a file inside the model's directory")]
    [InlineData("output { name: 'y' data_type: TYPE_FP32 dims: 4 label_filename: '../m/l' }", "label_filename of output 'y' of model 'm' is '../m/l'; it must be a file inside the model's directory")]
    [InlineData("output { name: 'y' data_type: TYPE_FP32 dims: 4 label_filename: 'none.txt' }", "model 'm' has no file 'none.txt', which is the label_filename of output 'y'")]
    [InlineData("version_policy { specific { versions: 5 } }", "at least one version must be available under the version policy of model 'm'")]
    [InlineData("name: 'm'\nmax_batch: 8", "m/config.pbtxt:2:1: Message type \"inference.ModelConfig\" has no field named \"max_batch\".")]
    public async Task ReadAsync_Mistakes_SayWhatIsWrong(string config, string expected)
    {
        Write("m/1/model.pt");
        Write("m/config.pbtxt", config);

        Assert.Equal(expected, await FaultAsync());
    }

    [Fact]
    public async Task ReadAsync_ConfigName_TakesTheOtherFileWhereThereIsOne()
    {
        Write("m/1/model.pt");
        Write("m/config.pbtxt", "max_batch_size: 1");
        Write("m/configs/h100.pbtxt", "max_batch_size: 64");
        Write("n/1/model.pt");
        Write("n/config.pbtxt", "max_batch_size: 2");
        var options = new ModelRepositoryOptions { ConfigName = "h100" };

        Assert.Equal(64, (await ReadAsync("m", options)).Config.MaxBatchSize);
        Assert.Equal(2, (await ReadAsync("n", options)).Config.MaxBatchSize);
    }

    [Fact]
    public async Task ReadAsync_ConfigRequired_RefusesModelsWithout()
    {
        Write("m/1/model.pt");

        var message = await Raises.ServingAsync(ServingError.InvalidArgument, () => ReadAsync(options: new ModelRepositoryOptions { RequireConfig = true }));

        Assert.Equal("model 'm' has no config.pbtxt, which is required here (ModelRepository:RequireConfig)", message);
    }

    [Fact]
    public async Task ReadAsync_LinksInsideTheRepository_AreFollowed()
    {
        Write(".store/v1/1/model.pt");
        Write(".store/config.pbtxt", "name: 'm'");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "repo/m"));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "repo/m/1"), "../.store/v1/1");
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "repo/m/config.pbtxt"), "../.store/config.pbtxt");

        Assert.Equal("1", (await ReadAsync()).Definitions[0].Version);
    }

    [Theory]
    [InlineData("m/1/model.pt", "'m/1/model.pt' is a link that leads out of the repository")]
    [InlineData("m/config.pbtxt", "'m/config.pbtxt' is a link that leads out of the repository")]
    [InlineData("m/labels.txt", "'m/labels.txt' is a link that leads out of the repository")]
    public async Task ReadAsync_LinksThatLeadOut_AreNotRead(string link, string expected)
    {
        _folder.File("outside", "weights");
        Write("m/1/model.pt");
        Write("m/config.pbtxt", "output { name: 'y' data_type: TYPE_FP32 dims: 4 label_filename: 'labels.txt' }");
        Write("m/labels.txt");
        var path = Path.Combine(_folder.Path, "repo", link);
        File.Delete(path);
        File.CreateSymbolicLink(path, "../../../../../../../../.." + Path.Combine(_folder.Path, "outside"));

        Assert.Equal(expected, await FaultAsync());
    }

    [Fact]
    public async Task ScanAsync_DirectoriesThatLeadOutOrNowhere_AreProblems()
    {
        _folder.File("other/1/model.pt", "weights");
        Write("good/1/model.pt");
        Write("-odd/1/model.pt");
        var root = Path.Combine(_folder.Path, "repo");
        Directory.CreateSymbolicLink(Path.Combine(root, "out"), Path.Combine(_folder.Path, "other"));
        Directory.CreateSymbolicLink(Path.Combine(root, "gone"), Path.Combine(_folder.Path, "nothing"));
        Directory.CreateSymbolicLink(Path.Combine(root, "circle"), ".");

        var scan = await new RepositoryScanner([new LocalRepositoryStore(root)]).ScanAsync(null, default);

        Assert.Equal(["good"], scan.Models.Keys);
        Assert.Equal(
            [
                "directory '-odd' cannot be a model: names have 1 to 128 letters, digits or _ - . beginning with a letter or digit",
                "'circle' is a link that leads out of the repository",
                "'gone' is a broken link",
                "'out' is a link that leads out of the repository",
            ],
            scan.Problems.Values);
    }

    [Fact]
    public async Task ReadAsync_EmptyModelFile_IsRefused()
    {
        Write("m/1/model.pt", "");

        Assert.Equal("'m/1/model.pt' is empty", await FaultAsync());
    }

    [Theory]
    [InlineData("http://x/", "'http://x/' names no container")]
    [InlineData("/no/such/dir", "'/no/such/dir' is not a directory of this host")]
    public void Validate_WrongPaths_AreNamed(string path, string expected) => Assert.Equal(
        [$"ModelRepository:Paths {expected}"],
        new ModelRepositoryOptionsValidator().Validate(null, new ModelRepositoryOptions { Paths = [path] }).Failures);

    [Fact]
    public void Validate_SeveralMistakes_AreToldAtOnce()
    {
        var options = new ModelRepositoryOptions
        {
            LoadModels = ["*", "a"],
            PollInterval = TimeSpan.Zero,
            SettleTime = TimeSpan.Zero,
            LoadThreads = 0,
            ConfigName = "../x",
            IdleTimeout = TimeSpan.Zero,
            OverrideDirectory = " ",
            ControlMode = (ModelControlMode)9,
        };

        Assert.Equal(9, new ModelRepositoryOptionsValidator().Validate(null, options).Failures!.Count());
        Assert.True(new ModelRepositoryOptionsValidator().Validate(null, new ModelRepositoryOptions()).Succeeded);
    }
}
