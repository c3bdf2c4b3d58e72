using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary><c>Nystroem</c>: an approximate feature map of a kernel.</summary>
internal sealed class NystroemMapping : IModuleMapping
{
    private const string Source = """
        def transform(self, x: Tensor) -> Tensor:
            return self.kernel.forward(x.to(self.components.dtype), self.components) @ self.normalization.t()

        def forward(self, x: Tensor) -> Tensor:
            return self.transform(x)
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.nystroem.TorchNystroem"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var components = fields.Floats("components", SklearnFields.Any, SklearnFields.Any);
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Parameters = [new("components", components), new("normalization", fields.Floats("normalization", SklearnFields.Any, components.Shape[0]))],
            Modules = [KernelMapping.Of(fields, mapper)],
            Source = Source,
        };
    }
}
