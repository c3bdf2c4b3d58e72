using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary><c>StandardScaler</c>; what it does not do is the scalar 0 or 1.</summary>
internal sealed class StandardScalerMapping : IModuleMapping
{
    private const string Source = """
        def transform(self, x: Tensor) -> Tensor:
            return (x - self.mean) / self.scale

        def forward(self, x: Tensor) -> Tensor:
            return self.transform(x)

        def inverse_transform(self, x: Tensor) -> Tensor:
            return x * self.scale + self.mean
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.standard_scaler.TorchStandardScaler"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Parameters = [new("mean", VectorOrScalar(fields, "mean")), new("scale", VectorOrScalar(fields, "scale"))],
            Source = Source,
        };
    }

    private static Tensor VectorOrScalar(SklearnFields fields, string name) =>
        fields.Tensor(name).Shape.Length == 0 ? fields.Floats(name) : fields.Floats(name, SklearnFields.Any);
}

/// <summary><c>MinMaxScaler</c>.</summary>
internal sealed class MinMaxScalerMapping : IModuleMapping
{
    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.min_max_scaler.TorchMinMaxScaler"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var scale = fields.Floats("scale", SklearnFields.Any);
        var clip = fields.Flag("clip");
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Parameters = [new("scale", scale), new("min", fields.Floats("min", scale.Shape[0]))],
            Buffers = clip ? [new("feature_range", fields.Floats("feature_range", 2))] : [],
            Source = $"""
                def transform(self, x: Tensor) -> Tensor:
                    x = x * self.scale + self.min
                    return {(clip ? "torch.minimum(torch.maximum(x, self.feature_range[0]), self.feature_range[1])" : "x")}

                def forward(self, x: Tensor) -> Tensor:
                    return self.transform(x)

                def inverse_transform(self, x: Tensor) -> Tensor:
                    return (x - self.min) / self.scale
                """,
        };
    }
}
