namespace Granary.Serving.Formats.Pickles;

/// <summary>An instance of a class that only has a name here: nothing of the class is run.</summary>
internal sealed class PickledObject(PickledGlobal type)
{
    /// <summary>Its class.</summary>
    public PickledGlobal Type { get; } = type;

    /// <summary>Its <c>__dict__</c>; null until the pickle says it, or when it has another kind of state.</summary>
    public PickledDict? State { get; set; }

    /// <summary>Whether the pickle gave it a state.</summary>
    public bool IsBuilt { get; set; }
}

/// <summary>A Python set; a list, because nothing is looked up in it.</summary>
internal sealed record PickledSet(List<object?> Items);
