using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>Classes that stand inside another, which reads them itself; alone they are no model.</summary>
internal sealed class PartMapping : IModuleMapping
{
    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.gradient_boosting._GradientBoostingStage", "sk2torch.tree._SingleClassOutput"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper) => throw module.Refuse("is a part of a model, not a model");
}
