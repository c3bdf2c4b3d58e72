using Granary.Serving.Models;

namespace Granary.Serving.Weights;

/// <summary>What one flight is for; callers that demand different things of the same id fly apart.</summary>
internal readonly record struct FetchKey(ModelId Id, string? Sha256, bool Trusted)
{
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: the content is not what the definition demands.</exception>
    public void Verify(string sha256)
    {
        if (Sha256 is not null && Sha256 != sha256)
            throw HashMismatch.Error(Id, "SHA-256", sha256, Sha256, "the definition demands");
    }
}

internal static class HashMismatch
{
    public static ServingException Error(ModelId id, string kind, string actual, string expected, string who) => new(ServingError.SourceFailed,
        $"'{id}' has the {kind} {actual}, {who} {expected}; it is not used");
}
