using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>A module that was read from a file, written down for libtorch, and the memory of its tensors.</summary>
internal sealed class PickledModel(ModuleBlueprint blueprint, IReadOnlyList<IDisposable> memory) : IDisposable
{
    /// <summary>The whole model; its tensors are there until this is disposed.</summary>
    public ModuleBlueprint Blueprint { get; } = blueprint;

    /// <summary>Gives the memory of the tensors back, except what a module that was built keeps.</summary>
    public void Dispose()
    {
        foreach (var item in memory)
            item.Dispose();
    }
}
