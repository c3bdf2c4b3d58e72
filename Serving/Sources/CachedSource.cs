using Granary.Serving.Models;

namespace Granary.Serving.Sources;

/// <summary>A source whose files may be in the cache of Infernet services 2.0 already; it is asked only when they are not.</summary>
internal sealed class CachedSource(IModelSource source, InfernetCache cache) : IModelSource
{
    public ModelSourceKind Kind => source.Kind;

    public bool IsPinned(ModelId id) => source.IsPinned(id);

    public Task<SourceFile> ResolveAsync(ModelId id, bool trusted, CancellationToken cancellation)
    {
        // An id that was put together by hand must not become a path.
        if (ModelIdParser.Fault(id) is { } fault)
            throw new ServingException(ServingError.InvalidArgument, fault);
        return cache.Find(id) is { } file ? Task.FromResult<SourceFile>(file) : source.ResolveAsync(id, trusted, cancellation);
    }
}
