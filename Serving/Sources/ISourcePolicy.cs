using Granary.Serving.Models;

namespace Granary.Serving.Sources;

/// <summary>The allow-lists for sources and owners. Asked before any work is done for an id that came with a request.</summary>
public interface ISourcePolicy
{
    /// <summary>Returns when the id may be used; trusted ids always may.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.PermissionDenied"/>, naming the id and the list it is not on.</exception>
    void Check(ModelId id, bool trusted);

    /// <summary>Largest file in bytes; no limit for trusted ids.</summary>
    long MaxFileBytes(bool trusted);
}
