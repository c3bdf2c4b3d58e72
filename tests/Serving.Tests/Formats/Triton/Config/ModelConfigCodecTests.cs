using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Formats.Triton.Config;

public sealed class ModelConfigCodecTests
{
    private static byte[] Golden(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Formats", "Triton", "Golden", name));

    private static ModelConfig Parse(string text) => ModelConfigCodec.ParseText(System.Text.Encoding.UTF8.GetBytes(text), "m/config.pbtxt");

    [Fact]
    public void ParseText_ConfigOfKServe_GivesItsFields()
    {
        var config = ModelConfigCodec.ParseText(Golden("cifar10.pbtxt"), "cifar10/config.pbtxt");

        Assert.Equal(("cifar10", "pytorch_libtorch", 1), (config.Name, config.Platform, config.MaxBatchSize));
        var input = Assert.Single(config.Input);
        Assert.Equal(("INPUT__0", DataType.Fp32), (input.Name, input.DataType));
        Assert.Equal([3, 32, 32], input.Dims);
        Assert.Equal("OUTPUT__0", Assert.Single(config.Output).Name);
        Assert.Equal((InstanceKind.Cpu, 1), (config.InstanceGroup[0].Kind, config.InstanceGroup[0].Count));
    }

    [Fact]
    public void ToJson_NormalisedConfigOfKServe_IsAsTritonPrintsIt()
    {
        var config = ModelConfigNormalizer.Normalize(ModelConfigCodec.ParseText(Golden("cifar10.pbtxt"), "f"), true, new HostCapacity(2, 0));

        Assert.Equal(System.Text.Encoding.UTF8.GetString(Golden("cifar10.json")).TrimEnd('\n'), ModelConfigCodec.ToJson(config));
        Assert.Empty(ModelConfigValidator.Validate(config));
    }

    [Fact]
    public void ParseText_EveryField_SurvivesBothForms()
    {
        var config = ModelConfigCodec.ParseText(Golden("everything.pbtxt"), "f");

        Assert.Equal("everything.a1é😀", config.Name);
        Assert.Equal([1, 2, 3], config.VersionPolicy!.Specific!.Versions);
        Assert.Equal(["image", "ids", "words"], config.Input.Select(input => input.Name));
        Assert.Equal([3, 224, -1], config.Input[0].Dims);
        Assert.Equal([3, 224, -1], config.Input[0].Reshape!.Shape);
        Assert.Empty(config.Input[2].Reshape!.Shape);
        Assert.Equal((8u, 0u), (config.DynamicBatching!.PriorityQueuePolicy[2].MaxQueueSize, config.DynamicBatching.PriorityQueuePolicy[1].MaxQueueSize));
        Assert.Equal([0.5, 100, 5, 1000], config.ModelMetrics!.MetricControl[0].HistogramOptions!.Buckets);
        Assert.True(config.ModelWarmup[0].Inputs["image"].ZeroData);
        Assert.NotNull(config.ModelRepositoryAgents);
        var json = ModelConfigCodec.ToJson(config);
        Assert.Equal(json, ModelConfigCodec.ToJson(Parse(ModelConfigCodec.ToText(config))));
        Assert.Equal(json, ModelConfigCodec.ToJson(ModelConfigCodec.ParseJson(json)));
    }

    [Fact]
    public void ToText_Config_IsReadable() => Assert.Equal(
        """
        name: "m"
        max_batch_size: 4
        input {
          name: "x"
          data_type: TYPE_FP32
          dims: [ -1, 3 ]
        }
        dynamic_batching {
        }
        parameters {
          key: "K"
          value {
            string_value: "a\"b\n"
          }
        }

        """,
        ModelConfigCodec.ToText(new ModelConfig
        {
            Name = "m",
            MaxBatchSize = 4,
            Input = [new ModelInput { Name = "x", DataType = DataType.Fp32, Dims = [-1, 3] }],
            DynamicBatching = new ModelDynamicBatching(),
            Parameters = new Dictionary<string, ModelParameter> { ["K"] = new() { StringValue = "a\"b\n" } },
        }));

    [Theory]
    [InlineData("max_batch: 1", "1:1: Message type \"inference.ModelConfig\" has no field named \"max_batch\".")]
    [InlineData("inputs { }", "1:1: Message type \"inference.ModelConfig\" has no field named \"inputs\". Did you mean \"input\"?")]
    [InlineData("input {\n  dtype: TYPE_FP32 }", "2:3: Message type \"inference.ModelInput\" has no field named \"dtype\".")]
    [InlineData("name: 'a'\nname: 'b'", "2:1: Non-repeated field \"name\" is specified multiple times.")]
    [InlineData("response_cache { } response_cache { }", "1:20: Non-repeated field \"response_cache\" is specified multiple times.")]
    [InlineData("dynamic_batching { } sequence_batching { }",
        "1:22: Field \"sequence_batching\" is specified along with field \"dynamic_batching\", another member of oneof \"scheduling_choice\".")]
    [InlineData("version_policy { all { } latest { } }", "1:26: Field \"latest\" is specified along with field \"all\", another member of oneof \"policy_choice\".")]
    [InlineData("name: 5", "1:7: Expected string, got: 5")]
    [InlineData("max_batch_size: 1.5", "1:17: Expected integer, got: 1.5")]
    [InlineData("max_batch_size: 2147483648", "1:17: Integer out of range (2147483648); -2147483648 to 2147483647 is allowed")]
    [InlineData("max_batch_size: -99999999999999999999999999999999999999999999999999999999", "1:17: Integer out of range (-99999999999999999999999999999999999999999999999999999999); -2147483648 to 2147483647 is allowed")]
    [InlineData("dynamic_batching { max_queue_delay_microseconds: -1 }", "1:50: Integer out of range (-1); 0 to 18446744073709551615 is allowed")]
    [InlineData("input { data_type: TYPE_FLOAT }", "1:20: Unknown enumeration value of \"TYPE_FLOAT\" for field \"data_type\"; expected one of TYPE_INVALID, ")]
    [InlineData("input { data_type: 99 }", "1:20: Unknown enumeration value of \"99\" for field \"data_type\"; expected")]
    [InlineData("input { data_type: 'TYPE_FP32' }", "1:20: Expected integer or identifier, got: TYPE_FP32")]
    [InlineData("input { optional: 2 }", "1:19: Invalid value for boolean field \"optional\". Value: \"2\".")]
    [InlineData("input { optional: TRUE }", "1:19: Invalid value for boolean field \"optional\". Value: \"TRUE\".")]
    [InlineData("input: 5", "1:8: Expected \"{\" for field \"input\".")]
    [InlineData("name { }", "1:6: Expected \":\" after \"name\".")]
    [InlineData("input { dims [] }", "1:14: Expected \":\" after \"dims\".")]
    [InlineData("max_batch_size: [1]", "1:17: Field \"max_batch_size\" of \"inference.ModelConfig\" takes one value, not a list.")]
    [InlineData("parameters { name: 'x' }", "1:14: An entry of \"parameters\" has no field named \"name\"; it has \"key\" and \"value\".")]
    [InlineData("parameters: 3", "1:13: Expected \"{\": an entry of \"parameters\" is { key: … value: … }.")]
    [InlineData("metric_tags { key: 'a' key: 'b' }", "1:24: Non-repeated field \"key\" is specified multiple times.")]
    [InlineData("sequence_batching { direct { minimum_slot_utilization: 0x1 } }", "1:56: Expected double, got: 0x1")]
    public void ParseText_Mistakes_AreToldAsProtobufTells(string text, string expected) =>
        Assert.StartsWith("m/config.pbtxt:" + expected, Raises.Serving(ServingError.InvalidArgument, () => Parse(text)), StringComparison.Ordinal);

    [Fact]
    public void ParseText_DefaultThenValue_IsAllowedAsInProtobuf() => Assert.Equal(8, Parse("max_batch_size: 0 max_batch_size: 8").MaxBatchSize);

    [Fact]
    public void ParseText_SeveralEntriesWithOneKey_LastCounts() =>
        Assert.Equal("b", Parse("metric_tags { key: 'k' value: 'a' } metric_tags { key: 'k' value: 'b' }").MetricTags["k"]);

    [Fact]
    public void ParseText_Floats_TakeEveryForm()
    {
        var buckets = Parse("model_metrics { metric_control { histogram_options { buckets: [inf, -Infinity, NaN, 2, 1.5F, -.5] } } }")
            .ModelMetrics!.MetricControl[0].HistogramOptions!.Buckets;

        Assert.Equal([double.PositiveInfinity, double.NegativeInfinity, double.NaN, 2, 1.5, -0.5], buckets);
    }

    [Fact]
    public void ParseJson_FormsOfProto3_AreUnderstood()
    {
        var config = ModelConfigCodec.ParseJson("""
            {"maxBatchSize":"16","input":[{"name":"x","dataType":"type_fp32","dims":["3",32.0,1e1]},{"data_type":9}],"platform":null,
             "dynamicBatching":{"max_queue_delay_microseconds":"18446744073709551615","priorityQueuePolicy":{"2":{"maxQueueSize":1}}}}
            """);

        Assert.Equal((16, ""), (config.MaxBatchSize, config.Platform));
        Assert.Equal((DataType.Fp32, DataType.Int64), (config.Input[0].DataType, config.Input[1].DataType));
        Assert.Equal([3, 32, 10], config.Input[0].Dims);
        Assert.Equal((ulong.MaxValue, 1u), (config.DynamicBatching!.MaxQueueDelayMicroseconds, config.DynamicBatching.PriorityQueuePolicy[2].MaxQueueSize));
    }

    [Theory]
    [InlineData("", "the configuration is not JSON (line 1, byte 1)")]
    [InlineData("[]", "expected an object, got a list")]
    [InlineData("""{"max_batch":1}""", "max_batch: Message type \"inference.ModelConfig\" has no field named \"max_batch\".")]
    [InlineData("""{"max_batch_size":"x"}""", "max_batch_size: expected a whole number from -2147483648 to 2147483647, got \"x\"")]
    [InlineData("""{"max_batch_size":1.5}""", "max_batch_size: expected a whole number from -2147483648 to 2147483647, got 1.5")]
    [InlineData("""{"input":[{"dims":[true]}]}""", "input[0].dims[0]: expected a number, got true or false")]
    [InlineData("""{"input":{}}""", "input: expected a list, got an object")]
    [InlineData("""{"input":[{"data_type":"FP32"}]}""", "input[0].data_type: expected one of TYPE_INVALID, ")]
    [InlineData("""{"name":"a","name":"b"}""", "name: the field is given twice")]
    [InlineData("""{"dynamic_batching":{},"ensemble_scheduling":{}}""", "ensemble_scheduling: the field is given along with \"dynamic_batching\"")]
    [InlineData("""{"parameters":{"K":"v"}}""", "parameters.K: expected an object, got a string")]
    [InlineData("""{"name":"\ud800"}""", "name: the string is no valid text")]
    public void ParseJson_Mistakes_NameThePath(string json, string expected) =>
        Assert.StartsWith(expected, Raises.Serving(ServingError.InvalidArgument, () => ModelConfigCodec.ParseJson(json)), StringComparison.Ordinal);
}
