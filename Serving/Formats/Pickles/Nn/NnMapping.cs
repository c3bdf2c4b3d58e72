using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Writes some classes of <c>torch.nn</c> down by one function.</summary>
internal sealed class NnMapping(Func<PickledModule, ModuleMapper, ModuleBlueprint> map, params IReadOnlyCollection<string> classNames) : IModuleMapping
{
    public IReadOnlyCollection<string> ClassNames => classNames;

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper) => map(module, mapper);
}
