using Granary.Serving.Activations;
using Granary.Serving.Clusters;

namespace Granary.Serving.Tests.Activations;

public sealed class OptionsTests
{
    [Fact]
    public void Validate_Defaults_AreValid()
    {
        Assert.True(new ActivationOptionsValidator().Validate(null, new ActivationOptions()).Succeeded);
        Assert.True(new ModelMemoryOptionsValidator().Validate(null, new ModelMemoryOptions()).Succeeded);
        Assert.True(new AdHocModelOptionsValidator().Validate(null, new AdHocModelOptions()).Succeeded);
    }

    [Fact]
    public void Validate_SeveralFaults_NamesAllWithValueAndRule()
    {
        var activation = new ActivationOptionsValidator().Validate(null, new ActivationOptions { WarmUpCalls = 1, MaxConcurrentLoads = 0, DefaultIdleTimeout = TimeSpan.Zero });
        var memory = new ModelMemoryOptionsValidator().Validate(null, new ModelMemoryOptions { MaxResidentBytes = -1, MaxResidentModels = -2 });
        var adHoc = new AdHocModelOptionsValidator().Validate(null, new AdHocModelOptions { Device = "tpu" });

        Assert.Equal(
            [
                "Activations:WarmUpCalls is 1; it must be between 3 and 1000",
                "Activations:DefaultIdleTimeout is 00:00:00; it must be positive, or -00:00:00.001 for never",
                "Activations:MaxConcurrentLoads is 0; it must be positive",
            ],
            activation.Failures);
        Assert.Equal(2, memory.Failures!.Count());
        Assert.Equal(["AdHocModels:Device is 'tpu'; it must be auto, cpu, cuda or cuda:N"], adHoc.Failures);
    }
}
