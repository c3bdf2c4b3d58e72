namespace Granary.Serving.Formats.Pickles;

/// <summary>The module tree of one file and the memory of its tensors.</summary>
internal sealed class PickledModel(PickledModule root, IReadOnlyList<IDisposable> memory) : IDisposable
{
    /// <summary>The outermost module.</summary>
    public PickledModule Root { get; } = root;

    /// <summary>Gives the memory of every tensor in the tree back.</summary>
    public void Dispose()
    {
        foreach (var item in memory)
            item.Dispose();
    }
}
