using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Servables;

/// <summary>Registers the cache of models that requests name themselves.</summary>
public static class ServableCacheExtensions
{
    /// <summary>Needs a cluster, a catalog and logging.</summary>
    public static IServiceCollection AddServables(this IServiceCollection services)
    {
        services.AddOptions<ServableCacheOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ServableCacheOptions>, ServableCacheOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ServableCache>();
        return services;
    }
}
