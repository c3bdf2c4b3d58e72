using Granary.Serving.Activations;
using Granary.Torch;

namespace Granary.Serving.Formats;

/// <summary>Reads a TorchScript file into memory.</summary>
internal interface IScriptModuleFactory
{
    /// <summary>Blocks until the module is on its device.</summary>
    /// <exception cref="TorchException">It cannot be read.</exception>
    ILoadedModel Load(string path, string sha256, ModuleOptions options);
}
