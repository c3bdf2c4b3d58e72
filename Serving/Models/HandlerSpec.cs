using System.Collections.ObjectModel;

namespace Granary.Serving.Models;

/// <summary>One handler of a definition's chain; docs/handlers.md lists them.</summary>
/// <param name="Name">Such as <c>image</c>.</param>
/// <param name="Parameters">By name; empty for the handler's defaults.</param>
public sealed record HandlerSpec(string Name, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>A handler with its defaults.</summary>
    public HandlerSpec(string name)
        : this(name, ReadOnlyDictionary<string, string>.Empty)
    {
    }
}
