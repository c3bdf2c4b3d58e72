namespace Granary.Serving.Formats.Pickles;

/// <summary>A file that <c>torch.save</c> wrote: one value, and the storages that it refers to.</summary>
internal interface IPickledFile
{
    /// <summary>The value.</summary>
    object? Root { get; }

    /// <summary>What all objects of the value may still cost.</summary>
    PickleBudget Budget { get; }

    /// <summary>Where in the file the elements of a storage begin.</summary>
    /// <exception cref="PickleException">There is no such storage, or it is shorter than the pickle says.</exception>
    long Locate(PickledStorage storage);
}
