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
    public void IsValid_Version_FollowsTheRule(string version, bool expected) => Assert.Equal(expected, ModelVersions.IsValid(version));
}
