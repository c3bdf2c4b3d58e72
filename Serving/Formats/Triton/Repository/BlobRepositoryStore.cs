using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Sources.Blob;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>
/// A repository in Azure Blob storage. Small files are read here; weights are fetched by the weights store under their ids, verified
/// and cached there.
/// </summary>
internal sealed partial class BlobRepositoryStore(BlobRepositoryAddress address, BlobClient client, ILogger logger) : IRepositoryStore
{
    private const int MaxDepth = 6;
    private readonly ModelId _id = new(ModelSourceKind.Blob, address.Prefix.Length == 0 ? address.Container : $"{address.Container}/{address.Prefix}", null, null);
    private readonly ILogger _logger = logger;

    public string Id => address.Id;

    public async Task<IReadOnlyList<RepositoryFile>> ListAsync(string? model, CancellationToken cancellation)
    {
        // A name that comes with a request must not become another place.
        if (model is not null && !ModelNames.IsValid(model))
            return [];
        try
        {
            var found = await client.ListAllAsync(_id, new BlobPath(address.Container, Join(address.Prefix, model ?? "")), cancellation).ConfigureAwait(false);
            return [.. found.Select(entry => new RepositoryFile(model is null ? entry.Name : $"{model}/{entry.Name}", entry.Length, $"{entry.Length}@{entry.ETag}")).Where(IsOfAModel)];
        }
        catch (Exception error) when (error is ServingException or SourceChangedException)
        {
            LogUnreadable(Id, error.Message);
            throw new ServingException(ServingError.SourceFailed, "the model repository cannot be read now (the log says why)", error);
        }
    }

    public async Task<byte[]> ReadAsync(RepositoryFile file, int maxBytes, CancellationToken cancellation)
    {
        if (file.Length > maxBytes)
            throw TooLarge(file, maxBytes);
        try
        {
            return await client.ReadSmallAsync(SourceOf(file), new BlobPath(address.Container, Join(address.Prefix, file.Path)), null, maxBytes, cancellation).ConfigureAwait(false)
                ?? throw TooLarge(file, maxBytes);
        }
        catch (ServingException error) when (error.Error != ServingError.TooLarge)
        {
            throw new ServingException(ServingError.SourceFailed, $"'{file.Path}' of the model repository cannot be read now: {error.Message}", error);
        }
    }

    // Only the whole content tells; what changed shows by its stamp.
    public Task<string?> HashAsync(RepositoryFile file, CancellationToken cancellation) => Task.FromResult<string?>(null);

    public ModelId SourceOf(RepositoryFile file) => new(ModelSourceKind.Blob, $"{address.Container}/{Join(address.Prefix, file.Path)}", null, null);

    private static string Join(string folder, string path) => folder.Length == 0 ? path : path.Length == 0 ? folder : $"{folder}/{path}";

    // Files beside the models belong to none; tools keep folders as empty blobs whose names end in a slash.
    private static bool IsOfAModel(RepositoryFile file)
    {
        var parts = file.Path.Split('/');
        return parts.Length is > 1 and <= MaxDepth + 2 && !parts.Any(static part => part.Length == 0 || part[0] == '.');
    }

    private static ServingException TooLarge(RepositoryFile file, int maxBytes) =>
        new(ServingError.TooLarge, $"'{file.Path}' has {file.Length:N0} bytes; at most {maxBytes:N0} are read");

    [LoggerMessage(Level = LogLevel.Warning, Message = "The model repository {Repository} cannot be read: {Reason}")]
    private partial void LogUnreadable(string repository, string reason);
}
