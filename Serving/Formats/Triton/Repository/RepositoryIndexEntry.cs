namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>State of a model version in the repository index; Triton's words are these in upper case.</summary>
public enum ModelReadyState
{
    /// <summary>Nothing is known of it.</summary>
    Unknown,

    /// <summary>It serves, or the next request brings it back into memory.</summary>
    Ready,

    /// <summary>It does not serve: the reason says why.</summary>
    Unavailable,

    /// <summary>It is being loaded.</summary>
    Loading,

    /// <summary>It is being unloaded.</summary>
    Unloading,
}

/// <summary>One line of the repository index.</summary>
/// <param name="Name">The model.</param>
/// <param name="Version">Null for a model that was never loaded.</param>
/// <param name="State">Null for a model that was never loaded.</param>
/// <param name="Reason">Why it is not ready; empty when it is, <c>unloaded</c> when somebody wanted that.</param>
public sealed record RepositoryIndexEntry(string Name, string? Version, ModelReadyState? State, string Reason = "");
