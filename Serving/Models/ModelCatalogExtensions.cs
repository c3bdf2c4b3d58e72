using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Models;

/// <summary>Registers the catalog.</summary>
public static class ModelCatalogExtensions
{
    /// <summary>Adds the file catalog as <see cref="IModelCatalog"/>; the file opens when it is first resolved.</summary>
    public static IServiceCollection AddModelCatalog(this IServiceCollection services, Action<CatalogOptions>? configure = null)
    {
        var options = services.AddOptions<CatalogOptions>().ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CatalogOptions>, CatalogOptionsValidator>());
        services.TryAddSingleton<IModelCatalog, FileModelCatalog>();
        return services;
    }
}
