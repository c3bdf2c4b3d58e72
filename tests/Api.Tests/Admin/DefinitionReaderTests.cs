using System.Text.Json;
using Granary.Api.Admin;
using Granary.Serving;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Tests.Admin;

public sealed class DefinitionReaderTests
{
    [Fact]
    public void Read_OnlySource_Defaults()
    {
        var definition = Read($$"""{"source":"{{Samples.Source}}"}""");
        Assert.Equal(Samples.Definition("m", "3"), definition with { Inputs = Samples.Definition("m", "3").Inputs, Outputs = Samples.Definition("m", "3").Outputs, Handlers = Samples.Definition("m", "3").Handlers });
        Assert.Empty(definition.Inputs);
        Assert.Empty(definition.Outputs);
        Assert.Empty(definition.Handlers);
        Assert.False(definition.Trusted);
    }

    [Fact]
    public void Read_EveryField_Taken()
    {
        var definition = Read(
            """
            {
              "name": "m", "version": "3", "source": "huggingface/owner/name:model.pt",
              "sha256": "abababababababababababababababababababababababababababababababab",
              "inputs": [{"name":"x","dtype":"float64","shape":[-1,8]},{"name":"n","dtype":"long","shape":[]}],
              "outputs": [{"name":"y","dtype":"bfloat16","shape":[2]}],
              "device": "cuda:1", "instances": 2, "maxQueueSize": 5,
              "batching": {"maxBatchSize": 16, "maxQueueDelay": 0.002},
              "idleTimeout": "01:00:00", "pinned": true, "optimize": true, "requireTorchScript": true, "description": "d", "intraOpThreads": 4, "responseCache": true,
              "handlers": [{"name": "image", "parameters": {"resize": "30,50", "crop": 28}}, {"name": "softmax"}]
            }
            """);
        Assert.Equal(("x", DType.Float64, "-1,8"), Flat(definition.Inputs[0]));
        Assert.Equal(("n", DType.Int64, ""), Flat(definition.Inputs[1]));
        Assert.Equal(("y", DType.BFloat16, "2"), Flat(Assert.Single(definition.Outputs)));
        Assert.Equal(string.Concat(Enumerable.Repeat("ab", 32)), definition.Sha256);
        Assert.Equal(("cuda:1", 2, 5), (definition.Device, definition.Instances, definition.MaxQueueSize));
        Assert.Equal(new BatchingOptions { MaxBatchSize = 16, MaxQueueDelay = TimeSpan.FromMilliseconds(2) }, definition.Batching);
        Assert.Equal(TimeSpan.FromHours(1), definition.IdleTimeout);
        Assert.Equal(["image", "softmax"], definition.Handlers.Select(static handler => handler.Name));
        Assert.Equal(["crop=28", "resize=30,50"], definition.Handlers[0].Parameters.Select(static pair => $"{pair.Key}={pair.Value}").Order());
        Assert.Equal((4, true), (definition.IntraOpThreads, definition.ResponseCache));
        Assert.Equal((true, true, true, "d"), (definition.Pinned, definition.Optimize, definition.RequireTorchScript, definition.Description));
    }

    [Theory]
    [InlineData("30", 30)]
    [InlineData("0.5", 0.5)]
    [InlineData("\"00:00:30\"", 30)]
    [InlineData("\"1.00:00:00\"", 86400)]
    [InlineData("\"00:00:00.25\"", 0.25)]
    public void Read_IdleTimeout_SecondsOrText(string json, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read($$"""{"source":"{{Samples.Source}}","idleTimeout":{{json}}}""").IdleTimeout);

    [Fact]
    public void Read_IdleTimeoutNever_Infinite() =>
        Assert.Equal(Timeout.InfiniteTimeSpan, Read($$"""{"source":"{{Samples.Source}}","idleTimeout":"never"}""").IdleTimeout);

    [Theory]
    [InlineData("\"30\"")]
    [InlineData("-1")]
    [InlineData("\"-00:00:01\"")]
    [InlineData("\"PT30S\"")]
    [InlineData("1e300")]
    [InlineData("true")]
    public void Read_DurationThatIsNone_Refused(string json) =>
        Assert.Contains("idleTimeout: expected seconds as a number", Refusal($$"""{"source":"{{Samples.Source}}","idleTimeout":{{json}}}"""), StringComparison.Ordinal);

    [Fact]
    public void Read_ManyFaults_AllNamedAtOnce()
    {
        var message = Refusal(
            """
            {
              "version": "4", "sorce": "x", "instances": -1, "maxQueueSize": 0, "pinned": "yes", "device": 3, "sha256": "XY",
              "inputs": [{"name":"x","dtype":"float31","shape":[1]}, {"dtype":"int8","shape":"4","extra":1}],
              "batching": {"maxBatch": 2, "maxQueueDelay": "never"}, "idleTimeout": []
            }
            """);
        string[] expected =
        [
            "Model 'm' version '3' cannot be registered: ",
            "version: is '4' but the path says '3'",
            "source: missing",
            "sorce: unknown field; known are name, version, source",
            "instances: expected a whole number from 0 to 2147483647, not -1",
            "maxQueueSize: expected a whole number from 1 to 2147483647, not 0",
            "pinned: expected true or false, not \"yes\"",
            "device: expected a string, not 3",
            "inputs[0].dtype: 'float31' is not a dtype; expected one of uint8, int8",
            "inputs[1].name: missing",
            "inputs[1].shape: expected a list of whole numbers, not \"4\"",
            "inputs[1].extra: unknown field; known are name, dtype, shape",
            "batching.maxBatch: unknown field; known are maxBatchSize, maxQueueDelay",
            "batching.maxQueueDelay: expected seconds as a number, a text such as \"00:05:00\", not \"never\"",
            "idleTimeout: expected seconds as a number, a text such as \"00:05:00\" or \"never\", not []",
            "Sha256 'XY': 64 lower-case hex digits",
        ];
        Assert.All(expected, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_SourceThatIsNoModelId_SaysWhatTheParserSays() =>
        Assert.StartsWith("Model 'm' version '3' cannot be registered: source: ", Refusal("""{"source":"ftp/owner/name"}"""), StringComparison.Ordinal);

    [Fact]
    public void Read_FieldsThatParseButAreNotValid_RefusedWithAllOfThem()
    {
        var message = Refusal($$"""{"source":"{{Samples.Source}}","device":"gpu","idleTimeout":0,"inputs":[{"name":"x","dtype":"int8","shape":[-2]}]}""");
        Assert.All(["Device 'gpu'", "IdleTimeout 00:00:00", "Inputs[0].Shape holds -2"], part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("trusted")]
    [InlineData("Source")]
    public void Read_FieldNobodyMaySet_Refused(string field) =>
        Assert.Contains($"{field}: unknown field", Refusal($$"""{"source":"{{Samples.Source}}","{{field}}":true}"""), StringComparison.Ordinal);

    [Fact]
    public void Definition_ShownAndReadBack_TheSame()
    {
        var definition = Read(AdminExamples.Definition) with { Name = "m", Version = "3" };
        var shown = JsonSerializer.Serialize(AdminViewFactory.Definition(definition), AdminJson.Default.DefinitionView);
        Assert.Equal(shown, JsonSerializer.Serialize(AdminViewFactory.Definition(Read(shown)), AdminJson.Default.DefinitionView));
        var never = definition with { IdleTimeout = Timeout.InfiniteTimeSpan };
        Assert.Equal(Timeout.InfiniteTimeSpan, Read(JsonSerializer.Serialize(AdminViewFactory.Definition(never), AdminJson.Default.DefinitionView)).IdleTimeout);
    }

    private static (string, DType, string) Flat(TensorSpec spec) => (spec.Name, spec.DType, string.Join(',', spec.Shape));

    private static string Refusal(string json)
    {
        var exception = Assert.Throws<ServingException>(() => Read(json));
        Assert.Equal(ServingError.InvalidArgument, exception.Error);
        return exception.Message;
    }

    private static ModelDefinition Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return DefinitionReader.Read(document.RootElement, "m", "3");
    }
}
