using Granary.Serving.Sources.Arweave;
using Granary.Serving.Sources.Blob;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

/// <summary>Registers the sources and the policy for ids that come with requests.</summary>
public static class ModelSourcesExtensions
{
    /// <summary>
    /// Adds <see cref="ISourcePolicy"/> and the sources. Bind <see cref="SourcePolicyOptions"/>, <see cref="LocalSourceOptions"/>,
    /// <see cref="HuggingFaceOptions"/>, <see cref="ArweaveOptions"/>, <see cref="BlobStorageOptions"/> and <see cref="SourceHttpOptions"/> before or after; they are validated at start.
    /// </summary>
    public static IServiceCollection AddModelSources(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<SourcePolicyOptions>().ValidateOnStart();
        services.AddOptions<LocalSourceOptions>().ValidateOnStart();
        services.AddOptions<HuggingFaceOptions>().ValidateOnStart();
        services.AddOptions<ArweaveOptions>().ValidateOnStart();
        services.AddOptions<SourceHttpOptions>().ValidateOnStart();
        services.AddOptions<BlobStorageOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SourcePolicyOptions>, SourcePolicyOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<LocalSourceOptions>, LocalSourceOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HuggingFaceOptions>, HuggingFaceOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ArweaveOptions>, ArweaveOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SourceHttpOptions>, SourceHttpOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BlobStorageOptions>, BlobStorageOptionsValidator>());
        services.TryAddSingleton<ISourcePolicy, SourcePolicy>();
        services.TryAddSingleton<InfernetCache>();
        services.TryAddSingleton<HuggingFaceCache>();
        services.TryAddSingleton<SourceHttp>();
        services.TryAddSingleton<SourceRegistry>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IModelSource, LocalSource>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IModelSource, HuggingFaceSource>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IModelSource, AzureBlobSource>());
        services.TryAddSingleton<Gateways>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IModelSource, ArweaveSource>());
        return services;
    }
}
