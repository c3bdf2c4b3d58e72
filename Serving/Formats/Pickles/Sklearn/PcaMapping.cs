using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary><c>PCA</c>; the scale is a vector when it whitens, else the number 1.</summary>
internal sealed class PcaMapping : IModuleMapping
{
    private const string Source = """
        def transform(self, x: Tensor) -> Tensor:
            return ((x.to(self.components.dtype) - self.mean) @ self.components.t()) * self.scale

        def forward(self, x: Tensor) -> Tensor:
            return self.transform(x)

        def inverse_transform(self, x: Tensor) -> Tensor:
            return (x.to(self.components.dtype) / self.scale) @ self.components + self.mean
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.pca.TorchPCA"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var components = fields.Floats("components", SklearnFields.Any, SklearnFields.Any);
        List<KeyValuePair<string, Tensor>> parameters = [new("components", components), new("mean", fields.Floats("mean", components.Shape[1]))];
        var whitens = fields.TryTensor("scale") is not null;
        if (whitens)
            parameters.Add(new("scale", fields.Floats("scale", components.Shape[0])));
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Parameters = parameters,
            Attributes = whitens ? [] : [new("scale", new DoubleValue(fields.Number("scale")))],
            Source = Source,
        };
    }
}
