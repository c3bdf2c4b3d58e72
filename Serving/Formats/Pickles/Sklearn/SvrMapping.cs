using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary><c>SVR</c> and <c>NuSVR</c>.</summary>
internal sealed class SvrMapping : IModuleMapping
{
    private const string Source = """
        def predict(self, x: Tensor) -> Tensor:
            kernel = self.kernel.forward(x.to(self.support_vectors.dtype), self.support_vectors)
            return (kernel @ self.dual_coef.t()).view(-1) + self.intercept

        def forward(self, x: Tensor) -> Tensor:
            return self.predict(x)
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.svr.TorchSVR"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var vectors = fields.Floats("support_vectors", SklearnFields.Any, SklearnFields.Any);
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Parameters =
            [
                new("support_vectors", vectors),
                new("dual_coef", fields.Floats("dual_coef", 1, vectors.Shape[0])),
                new("intercept", fields.Floats("intercept", 1)),
            ],
            Modules = [KernelMapping.Of(fields, mapper)],
            Source = Source,
        };
    }
}
