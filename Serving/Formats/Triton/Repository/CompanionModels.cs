using System.Collections.Concurrent;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>
/// The models that this process loaded only because an ensemble needed them. What somebody asked for by name is none of them any more,
/// whichever came first. Safe for concurrent use.
/// </summary>
internal sealed class CompanionModels
{
    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);

    /// <summary>It was loaded for an ensemble.</summary>
    public void Add(string name) => _names[name] = true;

    /// <summary>Somebody asked for it by name, or it is gone.</summary>
    public void Remove(string name) => _names.TryRemove(name, out _);

    /// <summary>Whether it may leave with its ensembles.</summary>
    public bool Contains(string name) => _names.ContainsKey(name);
}
