using System.Text;
using Granary.Serving.Formats.Triton.Config;

namespace Granary.Serving.Tests.Formats.Triton.Config;

public sealed class ModelConfigValidatorTests
{
    private const string Tensor = "name: 'x' data_type: TYPE_FP32 dims: [ 4 ]";

    private static IReadOnlyList<string> Faults(string text) => ModelConfigValidator.Validate(Normal(text));

    private static ModelConfig Normal(string text, int gpus = 0) =>
        ModelConfigNormalizer.Normalize(ModelConfigCodec.ParseText(Encoding.UTF8.GetBytes("name: 'm' " + text), "f"), true, new HostCapacity(4, gpus));

    [Theory]
    [InlineData("max_batch_size: -1", "'max_batch_size' must be non-negative value for m")]
    [InlineData("platform: 'onnxruntime_onnx' backend: 'pytorch'", "unexpected 'platform' and 'backend' pair, got:onnxruntime_onnx, pytorch")]
    [InlineData("platform: 'pytorch_libtorch' backend: 'onnxruntime'", "unexpected 'platform' and 'backend' pair, got:pytorch_libtorch, onnxruntime")]
    [InlineData("platform: 'torch_aoti' backend: 'pytorch'", "unexpected 'platform' and 'backend' pair, got:torch_aoti, pytorch")]
    [InlineData("input { data_type: TYPE_FP32 dims: 1 }", "model input must specify 'name' for m")]
    [InlineData("input { name: 'x' dims: 1 }", "model input 'x' must specify 'data_type' for m")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 }", "model input 'x' must specify 'dims' for m")]
    [InlineData("output { name: 'y' data_type: TYPE_FP32 dims: 0 }", "model output 'y' dimension must be integer >= 1, or -1 to indicate a variable-size dimension for m")]
    [InlineData("output { name: 'y' data_type: TYPE_FP32 dims: -2 }", "model output 'y' dimension must be integer >= 1, or -1 to indicate a variable-size dimension for m")]
    [InlineData($"input {{ {Tensor} reshape {{ }} }}", "model input 'x' cannot have empty reshape for non-batching model as scalar tensors are not supported for m", "model input 'x' has different size for dims and reshape for m")]
    [InlineData($"input {{ {Tensor} reshape {{ shape: 0 }} }}", "model input 'x' reshape dimensions must be integer >= 1, or -1 to indicate a variable-size dimension for m")]
    [InlineData($"input {{ {Tensor} reshape {{ shape: [ 2, 3 ] }} }}", "model input 'x' has different size for dims and reshape for m")]
    [InlineData($"input {{ {Tensor} reshape {{ shape: [ 2, -1 ] }} }}", "model input 'x' has different size for dims and reshape for m")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 dims: [ -1, 2, -1 ] reshape { shape: [ 2, -1 ] } }", "model input 'x' has different number of variable-size dimensions for dims and reshape for m")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 dims: [ 2, -1, 3 ] reshape { shape: [ 3, -1, 2 ] } }", "model input 'x' has different size for dims and reshape for m")]
    [InlineData($"input {{ {Tensor} format: FORMAT_NHWC }}", "model input NHWC/NCHW require 3 dims for m")]
    [InlineData($"input {{ {Tensor} is_shape_tensor: true }}", "shape tensors are only supported for TensorRT platform for m")]
    [InlineData($"output {{ {Tensor} is_non_linear_format_io: true }}", "Non-linear IO format is only supported for the TensorRT platform for m")]
    [InlineData($"input {{ {Tensor} }} input {{ {Tensor} }}", "model input 'x' is specified twice for m")]
    [InlineData($"output {{ {Tensor} }} output {{ {Tensor} }}", "model output 'x' is specified twice for m")]
    [InlineData("max_batch_size: 4 dynamic_batching { preferred_batch_size: 0 }", "dynamic batching preferred size must be positive for m")]
    [InlineData("max_batch_size: 4 dynamic_batching { preferred_batch_size: 8 }", "dynamic batching preferred size must be <= max batch size for m")]
    [InlineData("dynamic_batching { priority_levels: 2 }", "default priority level must be in range [1, 2] for m")]
    [InlineData("dynamic_batching { priority_levels: 2 default_priority_level: 3 }", "default priority level must be in range [1, 2] for m")]
    [InlineData("dynamic_batching { priority_levels: 2 default_priority_level: 1 priority_queue_policy { key: 3 value { } } }", "priority queue policy must have priority level in range [1, 2] for m")]
    [InlineData("dynamic_batching { preserve_ordering: true priority_levels: 2 default_priority_level: 1 }", "Only one priority level is allowed when 'preserve_ordering' is true for m")]
    [InlineData("dynamic_batching { preserve_ordering: true default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 1 } }", "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for m")]
    [InlineData("dynamic_batching { preserve_ordering: true priority_queue_policy { key: 1 value { timeout_action: DELAY default_timeout_microseconds: 1 } } }", "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for m")]
    [InlineData("sequence_batching { } response_cache { enable: true }", "Response Cache does not currently support model m with sequence batching scheduler. Please disable the response cache.")]
    [InlineData("sequence_batching { oldest { preferred_batch_size: -1 } }", "sequence batching preferred batch size must be positive for m")]
    [InlineData("sequence_batching { oldest { preferred_batch_size: 2 } }", "sequence batching preferred batch size must be <= max batch size for m")]
    [InlineData("sequence_batching { direct { minimum_slot_utilization: 1.5 } }", "sequence batching minimum slot utilization must be in range (0.0, 1.0] for m")]
    [InlineData("instance_group { kind: KIND_CPU gpus: 0 }", "instance group m_0 of model m has kind KIND_CPU but specifies one or more GPUs")]
    [InlineData("instance_group { kind: KIND_MODEL gpus: 0 name: 'g' }", "instance group g of model m has kind KIND_MODEL but specifies one or more GPUs")]
    [InlineData("instance_group { kind: KIND_GPU gpus: -1 }", "instance group m_0 of model m specifies invalid or unsupported gpu id -1")]
    [InlineData("instance_group { profile: '0' }", "instance group m_0 of model m and platform pytorch_libtorch specifies profile field which is only supported for TensorRT models")]
    [InlineData("model_transaction_policy { decoupled: true } response_cache { enable: true }", "Response Cache does not currently support model m with 'decoupled' transaction policy. Please disable the response cache.")]
    [InlineData("model_metrics { metric_control { } }", "model metrics must specify 'metric_identifier' with a 'family'")]
    [InlineData("model_metrics { metric_control { metric_identifier { family: 'f' } } }", "model metrics must specify 'histogram_options' with 'buckets' for 'f'")]
    [InlineData("platform: 'ensemble' backend: 'pytorch'", "Ensemble model 'm' must have platform type 'ensemble' and empty backend type", "ensemble scheduling must be set for ensemble m whose platform is ensemble")]
    public void Validate_WhatTritonRefuses_IsRefusedInItsWords(string text, params string[] expected) => Assert.Equal(expected, Faults(text));

    [Theory]
    [InlineData("platform: 'onnxruntime_onnx'", "model 'm' has platform 'onnxruntime_onnx'; this server runs TorchScript (platform \"pytorch_libtorch\")")]
    [InlineData("backend: 'python'", "model 'm' has backend 'python'; this server runs TorchScript (platform \"pytorch_libtorch\")")]
    [InlineData("platform: 'torch_aoti'", "model 'm' has platform 'torch_aoti'; this server runs TorchScript (platform \"pytorch_libtorch\")")]
    [InlineData("sequence_batching { }", "model 'm' has sequence_batching, which this server does not run: every request stands alone; take it out to serve the model without")]
    [InlineData("model_transaction_policy { decoupled: true }", "model 'm' has a decoupled transaction policy, but a TorchScript model answers every request once; take it out")]
    [InlineData("batch_input { }", "model 'm' has batch_input, which this server does not make; take it out or make the tensor a regular input")]
    [InlineData("batch_output { }", "model 'm' has batch_output, which this server does not split; take it out or make the tensor a regular output")]
    [InlineData("model_repository_agents { agents { name: 'checksum' } }", "model 'm' has model_repository_agents, which this server does not run; put the prepared files in the repository")]
    [InlineData("instance_group { secondary_devices { kind: KIND_NVDLA } }", "model 'm' names secondary_devices, which this server does not use; take them out")]
    [InlineData("parameters { key: 'INTRA_OP_THREAD_COUNT' value { string_value: 'many' } }", "model 'm' has parameter 'INTRA_OP_THREAD_COUNT' with 'many'; expected a whole number of threads, at most 1,024")]
    [InlineData("parameters { key: 'INTRA_OP_THREAD_COUNT' value { string_value: '1025' } }", "model 'm' has parameter 'INTRA_OP_THREAD_COUNT' with '1025'; expected a whole number of threads, at most 1,024")]
    public void Validate_WhatThisServerLacks_IsRefusedWithAdvice(string text, string expected) => Assert.Equal([expected], Faults(text));

    [Theory]
    [InlineData("optimization { cuda { graphs: true } }", "'optimization' is ignored: it tunes other backends and GPU memory")]
    [InlineData("cc_model_filenames { key: '7.5' value: 'a.pt' }", "'cc_model_filenames' is ignored: one file serves every GPU")]
    [InlineData("model_operations { op_library_filename: 'a.so' }", "'model_operations' is ignored: libraries of custom operators are not loaded")]
    [InlineData("input { name: 'x' allow_ragged_batch: true }", "'allow_ragged_batch' is ignored: requests of different shape run in batches of their own")]
    [InlineData("instance_group { rate_limiter { } }", "'rate_limiter' is ignored: instances take requests as they come")]
    [InlineData("instance_group { passive: true }", "'passive' instances are not made")]
    [InlineData("instance_group { host_policy: 'p' }", "'host_policy' is ignored")]
    [InlineData("instance_group { kind: KIND_CPU } instance_group { kind: KIND_GPU gpus: 0 }", "its instance groups name several devices; they share the first one here, and a cluster spreads them over silos")]
    [InlineData("parameters { key: 'INFERENCE_MODE' value { string_value: 'false' } }", "parameter 'INFERENCE_MODE' is ignored: models always run in inference mode")]
    [InlineData("parameters { key: 'INTER_OP_THREAD_COUNT' value { string_value: '4' } }", "parameter 'INTER_OP_THREAD_COUNT' is ignored: what a model forks shares one thread of the process; more instances run more requests at once")]
    [InlineData("platform: 'ensemble' response_cache { enable: true } ensemble_scheduling { }", "'response_cache' of an ensemble is ignored: enable it for its models")]
    public void Ignored_TuningOfTriton_IsNamed(string text, string expected) =>
        Assert.Equal([$"model 'm': {expected}"], ModelConfigSupport.Ignored(Normal(text, gpus: 1)));

    [Theory]
    [InlineData("")]
    [InlineData("parameters { key: 'INFERENCE_MODE' value { string_value: 'true' } } response_cache { enable: true } metric_tags { key: 'a' value: 'b' }")]
    [InlineData("parameters { key: 'INTRA_OP_THREAD_COUNT' value { string_value: '4' } }")]
    [InlineData("optimization { input_pinned_memory { enable: true } }")]
    [InlineData("max_batch_size: 8 dynamic_batching { preferred_batch_size: [ 4, 8 ] }")]
    [InlineData("max_batch_size: 1 input { name: 'x' data_type: TYPE_FP32 dims: [ 1 ] reshape { } }")]
    [InlineData("input { name: 'x' data_type: TYPE_FP32 dims: [ 2, 4, -1, 6 ] reshape { shape: [ 8, -1, 1, 6 ] } }")]
    public void Validate_GoodConfigs_HaveNeitherFaultsNorWarnings(string text)
    {
        Assert.Empty(Faults(text));
        Assert.Empty(ModelConfigSupport.Ignored(Normal(text)));
    }

    [Fact]
    public void Normalize_NoPlatformAndNoFile_MustNameOne() => Assert.Equal(
        ["must specify 'platform' or 'backend' for 'm'"],
        ModelConfigValidator.Validate(ModelConfigNormalizer.Normalize(new ModelConfig { Name = "m" }, hasTorchScriptFile: false, new HostCapacity(1, 0))));

    [Theory]
    [InlineData("", 0, "m KIND_CPU 4 []")]
    [InlineData("", 2, "m KIND_GPU 4 [0,1]")]
    [InlineData("instance_group { } instance_group { name: 'g' count: 3 kind: KIND_CPU }", 0, "m_0 KIND_CPU 1 [];g KIND_CPU 3 []")]
    [InlineData("instance_group { gpus: [ 1 ] }", 2, "m_0 KIND_GPU 1 [1]")]
    [InlineData("instance_group { gpus: [ 2 ] }", 2, "m_0 KIND_CPU 1 []")]
    [InlineData("instance_group { kind: KIND_GPU }", 2, "m_0 KIND_GPU 1 [0,1]")]
    [InlineData("instance_group { kind: KIND_MODEL }", 2, "m_0 KIND_MODEL 1 []")]
    public void Normalize_InstanceGroups_AreResolved(string text, int gpus, string expected)
    {
        var groups = Normal(text, gpus).InstanceGroup;

        Assert.Equal(expected, string.Join(';', groups.Select(group => $"{group.Name} KIND_{group.Kind.ToString().ToUpperInvariant()} {group.Count} [{string.Join(',', group.Gpus)}]")));
    }

    [Fact]
    public void Normalize_Defaults_AreTritons()
    {
        var config = Normal("platform: 'libtorch' max_batch_size: 8 dynamic_batching { }");

        Assert.Equal(("pytorch_libtorch", "pytorch", "model.pt"), (config.Platform, config.Backend, config.DefaultModelFilename));
        Assert.Equal(1u, config.VersionPolicy!.Latest!.NumVersions);
        Assert.Equal([8], config.DynamicBatching!.PreferredBatchSize);
        Assert.True(config.Optimization!.InputPinnedMemory!.Enable);
        Assert.Equal([8], Normal("max_batch_size: 8 sequence_batching { oldest { } }").SequenceBatching!.Oldest!.PreferredBatchSize);
        Assert.Equal(1_000_000ul, Normal("sequence_batching { }").SequenceBatching!.MaxSequenceIdleMicroseconds);
    }
}
