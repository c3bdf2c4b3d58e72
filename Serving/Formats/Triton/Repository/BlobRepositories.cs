using Granary.Serving.Sources;
using Granary.Serving.Sources.Blob;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Opens repositories in the storage account that is configured.</summary>
internal sealed class BlobRepositories(IOptions<BlobStorageOptions> options, IOptions<SourceHttpOptions> http, TimeProvider time, ILogger<BlobRepositories> logger)
{
    private readonly Lazy<(BlobAccount Account, BlobClient Client)?> _client = new(() => BlobAccount.Read(options.Value, []) is { } account
        ? (account, new BlobClient(account, BlobPipelines.Build(account, http.Value, time, logger, credential: null, transport: null), logger))
        : null);

    /// <summary>The store of a repository; asks nobody yet.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the account is another one, or none.</exception>
    public IRepositoryStore Open(BlobRepositoryAddress address)
    {
        if (_client.Value is not { } found)
        {
            throw new ServingException(ServingError.InvalidArgument,
                $"the model repository '{address.Id}' needs a storage account; set {BlobStorageOptions.SectionName}:BlobEndpoint or :ConnectionString");
        }

        var configured = found.Account.Endpoint.OriginalString;
        if (address.Service is { } service && !service.Equals(configured, StringComparison.OrdinalIgnoreCase))
        {
            throw new ServingException(ServingError.InvalidArgument,
                $"the model repository '{service}/{address.Container}' is in another storage account than {BlobStorageOptions.SectionName} configures ({configured}); one account is used");
        }

        return new BlobRepositoryStore(address, found.Client, logger);
    }

    /// <summary>A repository that is written as an address says which account is meant when nothing else does.</summary>
    public static void FillIn(BlobStorageOptions options, ModelRepositoryOptions repositories)
    {
        if (!string.IsNullOrEmpty(options.BlobEndpoint) || !string.IsNullOrEmpty(options.ConnectionString))
            return;
        foreach (var path in repositories.Paths)
        {
            if (!BlobRepositoryAddress.Is(path) || !BlobRepositoryAddress.TryRead(path, out var address, out _) || address.Service is null)
                continue;
            options.BlobEndpoint = address.Service;
            return;
        }
    }
}
