using Google.Protobuf;
using Granary.Api.Grpc.Protos;
using static Granary.Api.Tests.OpenInference.Grpc.InferenceClient;

namespace Granary.Api.Tests.OpenInference.Grpc;

/// <summary>Everything of the inference service but inference.</summary>
public sealed class ManagementTests(V2Bed bed) : IClassFixture<V2Bed>, IDisposable
{
    private readonly InferenceClient _client = new(bed.Client.BaseAddress!);

    public void Dispose() => _client.Dispose();

    private async Task<bool> IsReadyAsync(string name, string version = "") =>
        (await _client.CallAsync<ModelReadyResponse>("ModelReady", new ModelReadyRequest { Name = name, Version = version })).Ready;

    private async Task<string> IndexAsync(string name)
    {
        var index = await _client.CallAsync<RepositoryIndexResponse>("RepositoryIndex", new RepositoryIndexRequest());
        return string.Join(';', index.Models.Where(model => model.Name == name).Select(model => $"{model.Version} {model.State} {model.Reason}".TrimEnd()));
    }

    [Fact]
    public async Task Server_LivesIsReadyAndTellsItsName()
    {
        Assert.True((await _client.CallAsync<ServerLiveResponse>("ServerLive", new ServerLiveRequest())).Live);
        Assert.True((await _client.CallAsync<ServerReadyResponse>("ServerReady", new ServerReadyRequest())).Ready);
        var metadata = await _client.CallAsync<ServerMetadataResponse>("ServerMetadata", new ServerMetadataRequest());
        Assert.Equal(("triton", true), (metadata.Name, metadata.Version.Length > 0));
        Assert.Contains("model_repository", metadata.Extensions);
    }

    [Theory]
    [InlineData("simple", "", true)]
    [InlineData("simple", "1", true)]
    [InlineData("simple", "9", false)]
    [InlineData("none", "", false)]
    public async Task ModelReady_OfWhatIsThereOrNot_IsAnAnswer(string name, string version, bool ready) => Assert.Equal(ready, await IsReadyAsync(name, version));

    [Fact]
    public async Task ModelMetadata_TellsTensors()
    {
        var metadata = await _client.CallAsync<ModelMetadataResponse>("ModelMetadata", new ModelMetadataRequest { Name = "simple" });

        Assert.Equal("""{ "name": "simple", "versions": [ "1" ], "platform": "pytorch_libtorch", "inputs": [ { "name": "INPUT0", "datatype": "INT32", "shape": [ "-1", "16" ] }, { "name": "INPUT1", "datatype": "INT32", "shape": [ "-1", "16" ] } ], "outputs": [ { "name": "OUTPUT0", "datatype": "INT32", "shape": [ "-1", "16" ] }, { "name": "OUTPUT1", "datatype": "INT32", "shape": [ "-1", "16" ] } ] }""",
            metadata.ToString());
        Assert.Equal((5, "Request for unknown model: 'none' is not found"), await _client.FailAsync("ModelMetadata", new ModelMetadataRequest { Name = "none" }));
    }

    [Fact]
    public async Task ModelConfig_IsTheWholeConfiguration()
    {
        var config = (await _client.CallAsync<ModelConfigResponse>("ModelConfig", new ModelConfigRequest { Name = "simple", Version = "1" })).Config;

        Assert.Equal(("simple", "pytorch", 8), (config.Name, config.Backend, config.MaxBatchSize));
        Assert.Equal([("INPUT0", DataType.TypeInt32, 16L), ("INPUT1", DataType.TypeInt32, 16L)], config.Input.Select(input => (input.Name, input.DataType, Assert.Single(input.Dims))));
        Assert.Equal(["labels.txt", ""], config.Output.Select(output => output.LabelFilename));
        Assert.Equal(1u, config.VersionPolicy.Latest.NumVersions);
        Assert.Equal(ModelInstanceGroup.Types.Kind.Cpu, Assert.Single(config.InstanceGroup).Kind);
    }

    [Fact]
    public void ModelConfig_EveryField_BecomesAMessage()
    {
        // One of each: what the records know must be what the message knows.
        const string text = """
            name: "m" platform: "pytorch_libtorch" backend: "pytorch" version_policy { specific { versions: [ 1, 3 ] } } max_batch_size: 4
            input { name: "i" data_type: TYPE_BF16 format: FORMAT_NCHW dims: [ -1, 3 ] reshape { shape: [ 3 ] } allow_ragged_batch: true optional: true }
            output { name: "o" data_type: TYPE_STRING dims: [ 1 ] label_filename: "l" }
            instance_group { name: "g" kind: KIND_GPU count: 2 gpus: [ 0, 1 ] rate_limiter { resources { name: "r" count: 1 } priority: 2 } secondary_devices { kind: KIND_NVDLA device_id: 1 } }
            dynamic_batching { preferred_batch_size: [ 2, 4 ] max_queue_delay_microseconds: 100 preserve_ordering: true priority_levels: 2 default_priority_level: 1
              default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 5 allow_timeout_override: true max_queue_size: 9 }
              priority_queue_policy { key: 1 value { max_queue_size: 3 } } }
            optimization { graph { level: 1 } priority: PRIORITY_MAX cuda { graphs: true } }
            default_model_filename: "f.pt" metric_tags { key: "a" value: "b" } parameters { key: "INFERENCE_MODE" value { string_value: "true" } }
            model_warmup { name: "w" batch_size: 1 inputs { key: "i" value { data_type: TYPE_FP32 dims: [ 3 ] zero_data: true } } count: 2 }
            model_transaction_policy { decoupled: false } response_cache { enable: true }
            """;
        var config = Serving.Formats.Triton.Config.ModelConfigCodec.ParseText(System.Text.Encoding.UTF8.GetBytes(text), "config.pbtxt");

        var message = Api.OpenInference.Grpc.MetadataMethods.ToMessage(config);

        Assert.Equal(("m", 4, "f.pt", DataType.TypeBf16), (message.Name, message.MaxBatchSize, message.DefaultModelFilename, message.Input[0].DataType));
        Assert.Equal([1L, 3L], message.VersionPolicy.Specific.Versions);
        Assert.Equal((100UL, 3u), (message.DynamicBatching.MaxQueueDelayMicroseconds, message.DynamicBatching.PriorityQueuePolicy[1].MaxQueueSize));
        Assert.Equal(ModelQueuePolicy.Types.TimeoutAction.Delay, message.DynamicBatching.DefaultQueuePolicy.TimeoutAction);
        Assert.True(message.ModelWarmup[0].Inputs["i"].ZeroData);
        Assert.Equal("true", message.Parameters["INFERENCE_MODE"].StringValue);
        Assert.Equal([0, 1], message.InstanceGroup[0].Gpus);
        Assert.True(message.ResponseCache.Enable);
    }

    [Fact]
    public async Task Repository_LoadUnloadAndOverride()
    {
        bed.AddModel("managed", """
            backend: "pytorch"
            max_batch_size: 8
            input [ { name: "INPUT0" data_type: TYPE_INT32 dims: [16] }, { name: "INPUT1" data_type: TYPE_INT32 dims: [16] } ]
            output [ { name: "OUTPUT0" data_type: TYPE_INT32 dims: [16] }, { name: "OUTPUT1" data_type: TYPE_INT32 dims: [16] } ]
            """, "simple");
        var load = new RepositoryModelLoadRequest { ModelName = "managed" };

        await _client.CallAsync<RepositoryModelLoadResponse>("RepositoryModelLoad", load);
        Assert.Equal("1 READY", await IndexAsync("managed"));
        var config = (await _client.CallAsync<ModelConfigResponse>("ModelConfig", new ModelConfigRequest { Name = "managed" })).Config;

        load.Parameters["config"] = new ModelRepositoryParameter { StringParam = JsonFormatter.Default.Format(config).Replace("\"maxBatchSize\": 8", "\"maxBatchSize\": \"16\"", StringComparison.Ordinal) };
        await _client.CallAsync<RepositoryModelLoadResponse>("RepositoryModelLoad", load);
        Assert.Equal(16, (await _client.CallAsync<ModelConfigResponse>("ModelConfig", new ModelConfigRequest { Name = "managed" })).Config.MaxBatchSize);

        load.Parameters["config"].StringParam = "{";
        var (status, message) = await _client.FailAsync("RepositoryModelLoad", load);
        Assert.Equal(13, status);
        Assert.StartsWith("failed to load 'managed', ", message, StringComparison.Ordinal);
        Assert.True(await IsReadyAsync("managed"));

        var unload = new RepositoryModelUnloadRequest { ModelName = "managed", Parameters = { ["unload_dependents"] = new ModelRepositoryParameter { BoolParam = true } } };
        await _client.CallAsync<RepositoryModelUnloadResponse>("RepositoryModelUnload", unload);
        Assert.False(await IsReadyAsync("managed"));
        Assert.Equal("1 UNAVAILABLE unloaded", await IndexAsync("managed"));
        Assert.DoesNotContain((await _client.CallAsync<RepositoryIndexResponse>("RepositoryIndex", new RepositoryIndexRequest { Ready = true })).Models, model => model.Name == "managed");
    }

    [Fact]
    public async Task Repository_LoadWithFiles_ServesThem()
    {
        var load = new RepositoryModelLoadRequest { ModelName = "brought" };
        load.Parameters["config"] = new ModelRepositoryParameter { StringParam = """{"backend":"pytorch"}""" };
        load.Parameters["file:7/model.pt"] = new ModelRepositoryParameter { BytesParam = ByteString.CopyFrom(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "OpenInference", "Models", "echo.pt"))) };

        await _client.CallAsync<RepositoryModelLoadResponse>("RepositoryModelLoad", load);

        Assert.True(await IsReadyAsync("brought", "7"));
        var request = Echo("FP32", Raw([4f]), 1);
        request.ModelName = "brought";
        Assert.Equal("7", (await _client.InferAsync(request)).ModelVersion);
    }

    [Theory]
    [InlineData("repository", 12, "'repository_name' specification is not supported")]
    [InlineData("unknown", 3, "unknown parameter 'x' of a load request; known are 'config' and 'file:<version>/<name>'")]
    [InlineData("config", 3, "invalid value type for 'config' parameter, expected string_param.")]
    [InlineData("file", 3, "invalid value type for 'file:1/model.pt' parameter, expected bytes_param.")]
    [InlineData("missing", 13, "failed to load 'absent', failed to poll from model repository")]
    public async Task Repository_LoadOfAMistake_IsTold(string mistake, int status, string message)
    {
        var load = new RepositoryModelLoadRequest { ModelName = mistake == "missing" ? "absent" : "simple", RepositoryName = mistake == "repository" ? "r" : "" };
        if (mistake == "unknown")
            load.Parameters["x"] = new ModelRepositoryParameter { StringParam = "" };
        else if (mistake == "config")
            load.Parameters["config"] = new ModelRepositoryParameter { BoolParam = true };
        else if (mistake == "file")
            load.Parameters["file:1/model.pt"] = new ModelRepositoryParameter { StringParam = "" };

        var (actual, text) = await _client.FailAsync("RepositoryModelLoad", load);

        Assert.Equal(status, actual);
        Assert.StartsWith(message, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelStatistics_CountRowsAndExecutions()
    {
        bed.AddModel("counted", null, "echo");
        await _client.CallAsync<RepositoryModelLoadResponse>("RepositoryModelLoad", new RepositoryModelLoadRequest { ModelName = "counted" });
        var before = await StatisticsAsync();
        var request = Echo("FP32", Raw([4f, 5f]), 2);
        request.ModelName = "counted";
        for (var i = 0; i < 3; i++)
            await _client.InferAsync(request);

        var after = await StatisticsAsync();

        Assert.Equal(before.InferenceStats.Success.Count + 3, after.InferenceStats.Success.Count);
        Assert.Equal(before.ExecutionCount + 3, after.ExecutionCount);
        Assert.True(after.InferenceStats.ComputeInfer.Ns > before.InferenceStats.ComputeInfer.Ns);
        Assert.True(after.LastInference > 0);
        var all = await _client.CallAsync<ModelStatisticsResponse>("ModelStatistics", new ModelStatisticsRequest());
        Assert.Contains(all.ModelStats, model => model.Name == "simple");

        async Task<ModelStatistics> StatisticsAsync()
        {
            var answer = await _client.CallAsync<ModelStatisticsResponse>("ModelStatistics", new ModelStatisticsRequest { Name = "counted", Version = "1" });
            return Assert.Single(answer.ModelStats);
        }
    }

    [Theory]
    [InlineData("none", "", "requested model 'none' is not available")]
    [InlineData("simple", "9", "requested model version is not available for model 'simple'")]
    public async Task ModelStatistics_OfWhatIsNotThere_IsInvalid(string name, string version, string message) =>
        Assert.Equal((3, message), await _client.FailAsync("ModelStatistics", new ModelStatisticsRequest { Name = name, Version = version }));

    [Fact]
    public async Task SharedMemory_ThereIsNone()
    {
        Assert.Empty((await _client.CallAsync<SystemSharedMemoryStatusResponse>("SystemSharedMemoryStatus", new SystemSharedMemoryStatusRequest())).Regions);
        Assert.Empty((await _client.CallAsync<CudaSharedMemoryStatusResponse>("CudaSharedMemoryStatus", new CudaSharedMemoryStatusRequest())).Regions);
        await _client.CallAsync<SystemSharedMemoryUnregisterResponse>("SystemSharedMemoryUnregister", new SystemSharedMemoryUnregisterRequest());
        await _client.CallAsync<CudaSharedMemoryUnregisterResponse>("CudaSharedMemoryUnregister", new CudaSharedMemoryUnregisterRequest());
        Assert.Equal(12, (await _client.FailAsync("SystemSharedMemoryRegister", new SystemSharedMemoryRegisterRequest { Name = "r", Key = "/r" })).Status);
        Assert.Equal(12, (await _client.FailAsync("CudaSharedMemoryRegister", new CudaSharedMemoryRegisterRequest { Name = "r" })).Status);
        Assert.Equal((5, "Unable to find system shared memory region: 'r'"), await _client.FailAsync("SystemSharedMemoryStatus", new SystemSharedMemoryStatusRequest { Name = "r" }));
        Assert.Equal((5, "Unable to find cuda shared memory region: 'r'"), await _client.FailAsync("CudaSharedMemoryStatus", new CudaSharedMemoryStatusRequest { Name = "r" }));
    }

    [Fact]
    public async Task TraceSetting_IsNotSupported() => Assert.Equal(12, (await _client.FailAsync("TraceSetting", new TraceSettingRequest())).Status);

    [Fact]
    public async Task LogSettings_AreReadAndChanged()
    {
        var before = (await _client.CallAsync<LogSettingsResponse>("LogSettings", new LogSettingsRequest())).Settings;
        var wish = new LogSettingsRequest { Settings = { ["log_verbose_level"] = new LogSettingsRequest.Types.SettingValue { Uint32Param = 1 }, ["log_info"] = new LogSettingsRequest.Types.SettingValue { BoolParam = true }, ["log_warning"] = new LogSettingsRequest.Types.SettingValue { BoolParam = true }, ["log_error"] = new LogSettingsRequest.Types.SettingValue { BoolParam = true } } };

        var after = (await _client.CallAsync<LogSettingsResponse>("LogSettings", wish)).Settings;

        Assert.Equal(["log_error", "log_file", "log_format", "log_info", "log_verbose_level", "log_warning"], before.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(1u, after["log_verbose_level"].Uint32Param);
        wish.Settings["log_verbose_level"].Uint32Param = 0;
        Assert.Equal(0u, (await _client.CallAsync<LogSettingsResponse>("LogSettings", wish)).Settings["log_verbose_level"].Uint32Param);
        Assert.Equal((3, "invalid value type for 'log_info' log setting, expected bool_param."), await _client.FailAsync("LogSettings", new LogSettingsRequest { Settings = { ["log_info"] = new LogSettingsRequest.Types.SettingValue { Uint32Param = 1 } } }));
        Assert.Equal(12, (await _client.FailAsync("LogSettings", new LogSettingsRequest { Settings = { ["log_file"] = new LogSettingsRequest.Types.SettingValue { StringParam = "f" } } })).Status);
        Assert.Equal((3, "unexpected log setting 'x'"), await _client.FailAsync("LogSettings", new LogSettingsRequest { Settings = { ["x"] = new LogSettingsRequest.Types.SettingValue() } }));
    }
}
