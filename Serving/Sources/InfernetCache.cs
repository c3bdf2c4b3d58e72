using Granary.Serving.Models;
using Granary.Serving.Sources.Manifests;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

/// <summary>
/// The cache of Infernet services 2.0, <c>CACHE/storage/owner/name/{version or default}/files</c>, read in place so that an
/// operator who moves to Granary downloads nothing again. Like the original it is used as it is when it is there; unlike the
/// original the hashes of its manifests are verified.
/// </summary>
internal sealed class InfernetCache(IOptions<LocalSourceOptions> options)
{
    private readonly string? _root = options.Value is { UseInfernetCache: true, InfernetCache: { Length: > 0 } cache } ? Path.GetFullPath(cache) : null;

    /// <summary>The file of an Arweave or Hugging Face id; null when the cache does not have it.</summary>
    /// <exception cref="ServingException">It is there, but its manifest is damaged or a link leads out of the cache.</exception>
    public LocalSourceFile? Find(ModelId id)
    {
        // Infernet's folder of a Hugging Face revision holds whatever the main branch was: it downloads without the revision.
        if (_root is null || id is { Source: ModelSourceKind.HuggingFace, Version: not null })
            return null;
        var directory = Path.Join(_root, ModelSourceKinds.Name(id.Source), id.Repository, id.Version ?? "default");
        if (RealPath.Find(directory) is not { } real || RealPath.Find(_root) is not { } root || !Directory.Exists(real))
            return null;
        return RealPath.IsInside(real, root) ? LocalManifests.Find(id, real, root) : null;
    }
}
