using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary><c>TransformedTargetRegressor</c>: the regressor's answers are transformed back.</summary>
internal sealed class TargetRegressorMapping : IModuleMapping
{
    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.ttr.TorchTransformedTargetRegressor"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var regressor = Methods.Require(mapper.Map(fields.Child("regressor")), fields, "regressor", "forward");
        var transformer = Methods.Require(mapper.Map(fields.Child("transformer")), fields, "transformer", "inverse_transform");
        var squeeze = fields.Integer("training_dim") == 1 ? "y.squeeze(1) if y.dim() == 2 and y.size(1) == 1 else y" : "y";
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Modules = [new("regressor", regressor), new("transformer", transformer)],
            Source = $"""
                def predict(self, x: Tensor) -> Tensor:
                    y = self.regressor.forward(x)
                    y = self.transformer.inverse_transform(y.unsqueeze(1) if y.dim() == 1 else y)
                    return {squeeze}

                def forward(self, x: Tensor) -> Tensor:
                    return self.predict(x)
                """,
        };
    }
}
