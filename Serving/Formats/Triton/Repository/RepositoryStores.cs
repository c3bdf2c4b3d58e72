namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Makes the store that a configured repository names.</summary>
internal static class RepositoryStores
{
    /// <summary>What is wrong with a repository as it is written; null when nothing is.</summary>
    public static string? Fault(string repository)
    {
        if (BlobRepositoryAddress.Is(repository))
            return BlobRepositoryAddress.TryRead(repository, out _, out var fault) ? null : fault;
        return !Directory.Exists(repository) ? "is not a directory of this host" : LocalRepositoryStore.PathFault(repository);
    }

    /// <summary>What makes two ways to write a repository the same.</summary>
    public static string Identity(string repository) =>
        !BlobRepositoryAddress.Is(repository) ? Path.GetFullPath(repository)
        : BlobRepositoryAddress.TryRead(repository, out var address, out _) ? address.Id : repository;

    /// <summary>Opens a repository.</summary>
    /// <param name="repository">As it is written.</param>
    /// <param name="blobs">Opens those in Blob storage; null where there are none.</param>
    /// <exception cref="ServingException">There is no such repository.</exception>
    public static IRepositoryStore Open(string repository, BlobRepositories? blobs)
    {
        if (Fault(repository) is { } fault)
            throw new ServingException(ServingError.Internal, $"the model repository '{repository}' {fault}");
        if (!BlobRepositoryAddress.Is(repository))
            return new LocalRepositoryStore(repository);
        BlobRepositoryAddress.TryRead(repository, out var address, out _);
        return (blobs ?? throw new ServingException(ServingError.Internal, $"the model repository '{address!.Id}' is in Blob storage, which this process does not use")).Open(address!);
    }
}
