using Granary.Serving.Activations;
using Granary.Torch;

namespace Granary.Serving.Formats;

/// <summary>Modules of libtorch.</summary>
internal sealed class ScriptModuleFactory : IScriptModuleFactory
{
    public ILoadedModel Load(string path, string sha256, ModuleOptions options) => new LoadedScriptModule(ScriptModule.Load(path, options), sha256);

    public ILoadedModel Build(ModuleBlueprint blueprint, string sha256, ModuleOptions options) => new LoadedScriptModule(ScriptModule.Build(blueprint, options), sha256);

    private sealed class LoadedScriptModule(ScriptModule module, string sha256) : ILoadedModel
    {
        public IReadOnlyList<MethodSchema> Methods => module.Methods;

        public string Device => module.Device;

        public string Sha256 => sha256;

        public long ParameterBytes => module.ParameterBytes;

        public ForwardResult Invoke(string method, ReadOnlySpan<Argument> arguments, bool deterministic) => module.Invoke(method, arguments, deterministic);

        public void Dispose() => module.Dispose();
    }
}
