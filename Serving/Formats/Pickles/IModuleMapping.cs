using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>Knows what some module classes compute and writes it down as TorchScript.</summary>
internal interface IModuleMapping
{
    /// <summary>Full Python names, such as <c>torch.nn.modules.linear.Linear</c>.</summary>
    IReadOnlyCollection<string> ClassNames { get; }

    /// <summary>The blueprint of one module. Text from the file must not get into the source: it goes into attributes.</summary>
    /// <exception cref="PickleException">The module's state is not what its class writes, or an option of it is not supported.</exception>
    ModuleBlueprint Map(PickledModule module, ModuleMapper mapper);
}
