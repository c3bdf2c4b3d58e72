using Granary.Serving.Models;
using Granary.Serving.Tests.Support;
using Granary.Torch;

namespace Granary.Serving.Tests.Models;

public sealed class ModelDefinitionValidatorTests
{
    [Fact]
    public void Validate_FullValidDefinition_HasNoFaults() => Assert.Empty(ModelDefinitionValidator.Validate(Definitions.Full));

    [Theory]
    [InlineData("auto")]
    [InlineData("cpu")]
    [InlineData("cuda:0")]
    [InlineData("cuda:15")]
    public void Validate_KnownDevice_HasNoFaults(string device)
        => Assert.Empty(ModelDefinitionValidator.Validate(Definitions.Of("m", "1") with { Device = device }));

    [Fact]
    public void ThrowIfInvalid_ManyFaults_NamesEveryFieldAndValue()
    {
        var definition = new ModelDefinition
        {
            Name = "-bad name",
            Version = "01",
            Source = new ModelId(ModelSourceKind.Local, "../x", null, null),
            Sha256 = "ABC",
            Inputs = [new TensorSpec("x", DType.Float32, [-2]), new TensorSpec("x", (DType)99, [1])],
            Outputs = [new TensorSpec("", DType.Float32, [])],
            Device = "gpu",
            Instances = -1,
            MaxQueueSize = 0,
            Batching = new BatchingOptions { MaxBatchSize = -3, MaxQueueDelay = TimeSpan.FromSeconds(-1) },
            IdleTimeout = TimeSpan.Zero,
            Description = new string('d', 5000),
        };

        var message = Raises.Serving(ServingError.InvalidArgument, () => ModelDefinitionValidator.ThrowIfInvalid(definition));

        Assert.Equal(15, ModelDefinitionValidator.Validate(definition).Count);
        Assert.All(
            [
                "'-bad name/01' is not valid", "Name '-bad name'", "Version '01'", "segment '..'", "Sha256 'ABC'", "Inputs[0].Shape holds -2",
                "Inputs[1].Name 'x' occurs twice", "Inputs[1].DType 99", "Outputs[0].Name", "Device 'gpu'", "Instances -1", "MaxQueueSize 0",
                "MaxBatchSize -3", "MaxQueueDelay -00:00:01", "IdleTimeout 00:00:00", "Description has 5,000",
            ],
            part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Validate_QueuesAndAnnotations_AreCheckedTogether()
    {
        var definition = Definitions.Of("m", "1") with
        {
            Outputs = [new TensorSpec("y", DType.Float32, [-1]) { Labels = new string[1_000_001] }],
            Batching = new BatchingOptions
            {
                MaxBatchSize = 4,
                PreferredSizes = [4, 5, 0],
                Priorities = 2,
                DefaultPriority = 3,
                PriorityQueues = new Dictionary<int, QueuePolicy> { [0] = new() { MaxQueueSize = -1 } },
            },
            Annotations = new Dictionary<string, string> { ["no name"] = new string('x', (1 << 20) + 1) },
        };

        Assert.Equal(
            [
                "Outputs[0].Labels has 1,000,001 entries; at most 1,000,000 are allowed",
                "Batching.PreferredSizes holds 5: 1 to MaxBatchSize (4)",
                "Batching.PreferredSizes holds 0: 1 to MaxBatchSize (4)",
                "Batching.DefaultPriority 3: 1 to Priorities (2)",
                "Batching.PriorityQueues has priority 0: 1 to Priorities (2)",
                "Batching has a queue with time-out 00:00:00 and size -1: 0 or more each",
                "Annotations 'no name': 1 to 128 letters, digits or _ - . beginning with a letter or digit",
                "Annotations 'no name' has 1,048,577 characters; at most 1,048,576 are allowed",
            ],
            ModelDefinitionValidator.Validate(definition));
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("9223372036854775807", true)]
    [InlineData("9223372036854775808", false)]
    [InlineData("0", false)]
    [InlineData("-1", false)]
    [InlineData("1 ", false)]
    [InlineData("", false)]
    [InlineData("v1", false)]
    [InlineData("١", false)]
    [InlineData("1.0", true)]
    [InlineData("0.1", true)]
    [InlineData("1.2.3.4.5.6.7.8", true)]
    [InlineData("1.2.3.4.5.6.7.8.9", false)]
    [InlineData("1.", false)]
    [InlineData(".1", false)]
    [InlineData("1..2", false)]
    [InlineData("1.02", false)]
    [InlineData("01.0", false)]
    [InlineData("1.9223372036854775808", false)]
    public void IsValid_Version_FollowsTheRule(string version, bool expected) => Assert.Equal(expected, ModelVersions.IsValid(version));

    [Theory]
    [InlineData("2", "10", -1)]
    [InlineData("1.9", "1.10", -1)]
    [InlineData("1", "1.0", -1)]
    [InlineData("2", "1.5", 1)]
    [InlineData("1.0", "1.0", 0)]
    public void Compare_Versions_OrdersByNumbers(string left, string right, int expected)
    {
        Assert.Equal(expected, Math.Sign(ModelVersions.Compare(left, right)));
        Assert.Equal(-expected, Math.Sign(ModelVersions.Compare(right, left)));
    }
}
