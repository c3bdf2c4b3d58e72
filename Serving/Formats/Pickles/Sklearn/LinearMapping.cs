using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>Linear regressions: <c>LinearRegression</c>, <c>Ridge</c>, <c>RidgeCV</c>, <c>SGDRegressor</c>, <c>LinearSVR</c>.</summary>
internal sealed class LinearMapping : IModuleMapping
{
    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.linear_model.TorchLinearModel", "sk2torch.linear_model.TorchLinearRegression"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var state = LinearState.Read(module);
        return new ModuleBlueprint
        {
            Name = state.Fields.Class,
            Parameters = state.Parameters,
            Source = $"""
                def forward(self, x: Tensor) -> Tensor:
                    return {state.Scores}

                def predict(self, x: Tensor) -> Tensor:
                    return self.forward(x)
                """,
        };
    }
}
