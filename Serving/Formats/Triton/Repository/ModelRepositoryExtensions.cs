using Granary.Serving.Clusters;
using Granary.Serving.Devices;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Models;
using Granary.Serving.Sources.Blob;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Registers model repositories.</summary>
public static class ModelRepositoryExtensions
{
    /// <summary>Adds <see cref="IModelRepository"/>, <see cref="IServedModels"/> and the service that loads; needs a catalog and a cluster.</summary>
    public static IServiceCollection AddModelRepositories(this IServiceCollection services)
    {
        services.AddOptions<ModelRepositoryOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ModelRepositoryOptions>, ModelRepositoryOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<BlobStorageOptions>().PostConfigure<IOptions<ModelRepositoryOptions>>(static (blobs, repositories) => BlobRepositories.FillIn(blobs, repositories.Value));
        services.TryAddSingleton<BlobRepositories>();
        services.TryAddSingleton(static provider => new ModelRepositoryManager(
            provider.GetRequiredService<IOptions<ModelRepositoryOptions>>().Value,
            provider.GetRequiredService<IModelCatalog>(),
            provider.GetRequiredService<IModelCluster>(),
            () => Capacity(provider),
            provider.GetRequiredService<ILogger<ModelRepositoryManager>>(),
            provider.GetRequiredService<BlobRepositories>()));
        services.TryAddSingleton<IModelRepository>(static provider => provider.GetRequiredService<ModelRepositoryManager>());
        services.TryAddSingleton<IServedModels>(static provider => new ServedModels(
            provider.GetRequiredService<IModelCatalog>(), provider.GetRequiredService<IModelCluster>(), () => Capacity(provider)));
        services.AddHostedService<ModelRepositoryService>();
        return services;
    }

    // Asked for when a model is loaded: counting GPUs loads libtorch. A process that only joins a cluster has none of its own.
    private static HostCapacity Capacity(IServiceProvider provider) =>
        new(Environment.ProcessorCount, provider.GetService<IAcceleratorProbe>()?.Gpus.Count ?? 0);
}
