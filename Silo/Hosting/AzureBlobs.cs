using Granary.Grains.Interfaces.Providers;
#if GRANARY_AZURE
using Azure.Storage.Blobs;
#endif

namespace Granary.Silo.Hosting;

/// <summary>The client that the catalog's storage needs on Azure.</summary>
internal static class AzureBlobs
{
    /// <summary>Registers it when <see cref="AzureStorageOptions.BlobEndpoint"/> is set.</summary>
    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        if (AzureClients.Endpoint(configuration, nameof(AzureStorageOptions.BlobEndpoint)) is not { } endpoint)
            return;
#if GRANARY_AZURE
        services.AddKeyedSingleton(AzureStorageOptions.ServiceKey, (_, _) => new BlobServiceClient(endpoint, AzureClients.Credential()));
#else
        _ = services;
        throw AzureClients.NotBuilt(nameof(AzureStorageOptions.BlobEndpoint), endpoint);
#endif
    }
}
