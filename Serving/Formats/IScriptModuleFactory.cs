using Granary.Serving.Activations;
using Granary.Torch;

namespace Granary.Serving.Formats;

/// <summary>Brings modules into memory.</summary>
internal interface IScriptModuleFactory
{
    /// <summary>Reads a TorchScript file. Blocks until the module is on its device.</summary>
    /// <exception cref="TorchException">It cannot be read.</exception>
    ILoadedModel Load(string path, string sha256, ModuleOptions options);

    /// <summary>Makes a module from a description. Blocks until it is on its device; the tensors of the blueprint are not needed after.</summary>
    /// <exception cref="TorchException">It cannot be made.</exception>
    ILoadedModel Build(ModuleBlueprint blueprint, string sha256, ModuleOptions options);
}
