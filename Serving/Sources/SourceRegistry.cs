using Granary.Serving.Models;

namespace Granary.Serving.Sources;

/// <summary>Finds the source of an id.</summary>
internal sealed class SourceRegistry
{
    private readonly Dictionary<ModelSourceKind, IModelSource> _sources;

    public SourceRegistry(IEnumerable<IModelSource> sources, InfernetCache cache) => _sources = sources.ToDictionary(
        static source => source.Kind,
        source => source.Kind is ModelSourceKind.Arweave or ModelSourceKind.HuggingFace ? new CachedSource(source, cache) : source);

    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: no such source in this build.</exception>
    public IModelSource Get(ModelSourceKind kind)
    {
        if (_sources.TryGetValue(kind, out var source))
            return source;
        var known = string.Join(", ", _sources.Keys.Order().Select(ModelSourceKinds.Name));
        throw new ServingException(ServingError.Unsupported,
            $"this server cannot fetch models from {ModelSourceKinds.Name(kind)}; it knows: {known}");
    }
}
