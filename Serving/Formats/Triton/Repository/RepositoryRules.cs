namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>What clients may ask of a repository, in Triton's words.</summary>
internal static class RepositoryRules
{
    private const string NotExplicit = "explicit model load / unload is not allowed if polling is enabled";

    /// <summary>Refuses loads and unloads by clients in every mode but the explicit one.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unavailable"/>.</exception>
    public static void RequireExplicit(ModelControlMode mode)
    {
        if (mode != ModelControlMode.Explicit)
            throw new ServingException(ServingError.Unavailable, NotExplicit);
    }

    /// <summary>Refuses what is no name.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static void CheckName(string name)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new ServingException(ServingError.InvalidArgument, "Model name cannot be empty. Please enter a valid name to deploy.");
        if (name.Trim() is ".." || name.Contains('/'))
            throw new ServingException(ServingError.InvalidArgument, $"invalid model name '{name}', model name must not contain path traversal characters");
    }
}
