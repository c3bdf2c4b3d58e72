using System.Text;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>
/// <c>Pipeline</c>. sk2torch's own pipelines cannot be pickled when a step lacks a method, which is nearly always; a file that has
/// one is served with the methods that its last step has.
/// </summary>
internal sealed class PipelineMapping : IModuleMapping
{
    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.pipeline.TorchPipeline"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var modules = new List<KeyValuePair<string, ModuleBlueprint>>();
        foreach (var step in fields.Members("transforms", "torch.nn.modules.container.ModuleDict"))
            modules.Add(new($"transform_{modules.Count}", Methods.Require(mapper.Map(step), fields, "transforms", "forward")));
        var input = new StringBuilder("x");
        for (var i = 0; i < modules.Count; i++)
            input.Insert(0, $"self.transform_{i}.forward(").Append(')');
        var invertible = modules.TrueForAll(step => Methods.Has(step.Value, "inverse_transform"));
        var final = Methods.Require(mapper.Map(fields.Child("final")), fields, "final", "forward");
        var source = Delegation.Source(final, "final", input.ToString(), "forward", "predict", "decision_function", "predict_proba", "predict_log_proba", "transform");
        if (invertible && Methods.Has(final, "inverse_transform"))
            source += Inverse(modules.Count);
        modules.Add(new("final", final));
        return new ModuleBlueprint { Name = fields.Class, Modules = modules, Source = source };
    }

    private static string Inverse(int steps)
    {
        var result = "self.final.inverse_transform(x)";
        for (var i = steps - 1; i >= 0; i--)
            result = $"self.transform_{i}.inverse_transform({result})";
        return $"""


            def inverse_transform(self, x: Tensor):
                return {result}
            """;
    }
}
