using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Weights;

/// <summary>Registers the weights store.</summary>
public static class WeightsStoreExtensions
{
    /// <summary>Adds <see cref="IWeightsStore"/>, <see cref="IWeightsInventory"/> and <see cref="IWeightsStatistics"/>; needs <c>AddModelSources</c>.</summary>
    public static IServiceCollection AddWeightsStore(this IServiceCollection services, Action<WeightsStoreOptions>? configure = null)
    {
        var options = services.AddOptions<WeightsStoreOptions>().ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<WeightsStoreOptions>, WeightsStoreOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<WeightsCounters>();
        services.TryAddSingleton<IWeightsStatistics>(static provider => provider.GetRequiredService<WeightsCounters>());
        services.TryAddSingleton<IWeightsPeers, NoWeightsPeers>();
        services.TryAddSingleton<WeightsStore>();
        services.TryAddSingleton<IWeightsStore>(static provider => provider.GetRequiredService<WeightsStore>());
        services.TryAddSingleton<IWeightsFiles>(static provider => provider.GetRequiredService<WeightsStore>());
        services.TryAddSingleton<IWeightsInventory>(static provider => provider.GetRequiredService<WeightsStore>());
        return services;
    }
}
