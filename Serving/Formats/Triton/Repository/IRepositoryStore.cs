using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>One file of a repository.</summary>
/// <param name="Path">Below the repository's root, with slashes: <c>cifar10/1/model.pt</c>.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Stamp">Changes whenever the content may have changed.</param>
public sealed record RepositoryFile(string Path, long Length, string Stamp)
{
    /// <summary>Why it must not be used; null when it may.</summary>
    public string? Fault { get; init; }
}

/// <summary>Where a repository is kept. A new kind is one class and one line in <see cref="RepositoryStores"/>.</summary>
public interface IRepositoryStore
{
    /// <summary>Names the repository in the catalog, the same in every process that serves it; no server path.</summary>
    string Id { get; }

    /// <summary>Every file of one model's directory, or of all; what begins with a dot is left out.</summary>
    /// <param name="model">The directory; null for all.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: the repository cannot be read now.</exception>
    Task<IReadOnlyList<RepositoryFile>> ListAsync(string? model, CancellationToken cancellation);

    /// <summary>A small file's content.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>, or <see cref="ServingError.TooLarge"/> beyond <paramref name="maxBytes"/>.</exception>
    Task<byte[]> ReadAsync(RepositoryFile file, int maxBytes, CancellationToken cancellation);

    /// <summary>SHA-256 of a file in lower-case hex; null when only the source can tell.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>.</exception>
    Task<string?> HashAsync(RepositoryFile file, CancellationToken cancellation);

    /// <summary>The id under which sources find a file.</summary>
    ModelId SourceOf(RepositoryFile file);
}
