using Granary.Serving.Activations;
using Granary.Serving.Embeddings;
using Granary.Serving.Formats;
using Granary.Serving.Responses;
using Granary.Serving.Weights;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Clusters;

/// <summary>Registers the in-process cluster and what it runs on.</summary>
public static class ModelClusterExtensions
{
    /// <summary>The cluster of one machine. Needs an <c>IModelCatalog</c>, an <c>IWeightsStore</c>, an <c>ISourcePolicy</c> and logging.</summary>
    public static IServiceCollection AddModelCluster(this IServiceCollection services)
    {
        services.AddModelActivations();
        services.AddOptions<AdHocModelOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AdHocModelOptions>, AdHocModelOptionsValidator>());
        services.TryAddSingleton<ActivationTable>();
        services.TryAddSingleton<IModelCluster, InProcessModelCluster>();
        services.AddHostedService<IdleReaper>();
        return services;
    }

    /// <summary>What activations run on, for hosts that keep the activations themselves: loader, inference threads, memory budget, counters.</summary>
    public static IServiceCollection AddModelActivations(this IServiceCollection services)
    {
        services.AddOptions<ActivationOptions>().ValidateOnStart();
        services.AddOptions<ModelMemoryOptions>().ValidateOnStart();
        services.AddOptions<ResponseCacheOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ActivationOptions>, ActivationOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ModelMemoryOptions>, ModelMemoryOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ResponseCacheOptions>, ResponseCacheOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IInferenceRuntime, TorchInferenceRuntime>();
        services.TryAddSingleton<IScriptModuleFactory, ScriptModuleFactory>();
        services.AddOptions<WeightsStoreOptions>();
        services.AddEmbeddings();
        services.TryAddSingleton<ScratchFiles>();
        services.TryAddSingleton<IModelLoader, ModelLoader>();
        services.TryAddSingleton<ActivationHost>();
        services.TryAddSingleton<IModelMetrics>(provider => provider.GetRequiredService<ActivationHost>());
        return services;
    }
}
