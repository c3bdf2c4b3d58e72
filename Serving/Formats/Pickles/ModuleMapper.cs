using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>Maps a module and, through its mapping, everything inside. Use one for each model.</summary>
internal sealed class ModuleMapper
{
    private readonly Dictionary<PickledModule, ModuleBlueprint> _mapped = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<PickledModule> _open = new(ReferenceEqualityComparer.Instance);

    /// <summary>The blueprint of a module; a module that stands in several places gets one blueprint.</summary>
    /// <exception cref="PickleException">Its class is not known, it is inside itself, or its mapping refuses it.</exception>
    public ModuleBlueprint Map(PickledModule module)
    {
        if (_mapped.TryGetValue(module, out var blueprint))
            return blueprint;
        if (!_open.Add(module))
            throw module.Refuse("is inside itself");
        if (!ModuleMappings.All.TryGetValue(module.ClassName, out var mapping))
            throw module.Refuse("is of a class whose code is not in the file and that this server does not know");
        blueprint = mapping.Map(module, this);
        _open.Remove(module);
        _mapped.Add(module, blueprint);
        return blueprint;
    }

    /// <summary>A submodule under the name that it has in Python, ready for <see cref="ModuleBlueprint.Modules"/>.</summary>
    /// <exception cref="PickleException">There is none, or it cannot be mapped.</exception>
    public KeyValuePair<string, ModuleBlueprint> Map(PickledModule module, string child) => new(child, Map(module.Module(child)));
}
