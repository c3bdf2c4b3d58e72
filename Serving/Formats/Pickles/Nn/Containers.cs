using System.Text;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Modules of modules. Source: <c>torch/nn/modules/container.py</c>.</summary>
internal static class Containers
{
    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        new NnMapping(Sequential, "torch.nn.modules.container.Sequential"),
        new NnMapping(
            static (module, _) => throw module.Refuse("only holds other modules: what is computed with them is code that is not in the file"),
            "torch.nn.modules.container.ModuleList", "torch.nn.modules.container.ModuleDict"),
    ];

    private static ModuleBlueprint Sequential(PickledModule module, ModuleMapper mapper)
    {
        var source = new StringBuilder("def forward(self, x: Tensor) -> Tensor:\n");
        var children = new List<KeyValuePair<string, ModuleBlueprint>>();
        foreach (var child in module.Modules.Values)
        {
            if (child is null)
                throw module.Refuse("has a layer that is None");
            if (child.ClassName == Attention.ClassName)
                throw child.Refuse("takes three tensors, so it cannot stand in a Sequential");
            // Names in the file can be anything; these are identifiers.
            var name = $"m{children.Count}";
            children.Add(new(name, mapper.Map(child)));
            source.Append(System.Globalization.CultureInfo.InvariantCulture, $"    x = self.{name}.forward(x)\n");
        }

        source.Append("    return x\n");
        return new ModuleBlueprint { Name = module.ShortName, Modules = children, Source = source.ToString() };
    }
}
