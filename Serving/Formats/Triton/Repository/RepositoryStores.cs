namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Makes the store that a configured repository names.</summary>
internal static class RepositoryStores
{
    /// <summary>Null with what is wrong when there is no such kind.</summary>
    public static IRepositoryStore? Open(string repository, out string? fault)
    {
        fault = null;
        if (repository.Contains("://", StringComparison.Ordinal))
            fault = "is a URL; repositories are directories of this host";
        else if (!Directory.Exists(repository))
            fault = "is not a directory of this host";
        else if (LocalRepositoryStore.PathFault(repository) is { } reason)
            fault = reason;
        return fault is null ? new LocalRepositoryStore(repository) : null;
    }
}
