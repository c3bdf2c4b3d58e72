using Granary.Grains.Interfaces.Catalog;
using Granary.Grains.Interfaces.Clusters;
using Granary.Grains.Interfaces.Providers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Granary.Grains.Interfaces;

/// <summary>Registers the cluster side of the two doors.</summary>
public static class ClusterClientExtensions
{
    /// <summary>What a client of a Granary cluster needs besides the configuration section <c>Orleans</c>.</summary>
    public static IClientBuilder AddGranaryClient(this IClientBuilder client)
    {
        AzureClients.AddTables(client.Services, client.Configuration);
        // Silos come and go; with the default of a minute a client may know none that lives.
        client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(3));
        // A client may start before its first silo; the platform's start-up probe bounds the wait.
        client.UseConnectionRetryFilter(async (_, cancellation) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
            return true;
        });
        return client;
    }

    /// <summary>
    /// Puts the grains behind <see cref="IModelCluster"/> and <see cref="IModelCatalog"/>. The host has called
    /// <c>UseOrleansClient</c>, and has registered an <see cref="Granary.Serving.Sources.ISourcePolicy"/>.
    /// </summary>
    public static IServiceCollection AddOrleansModelCluster(this IServiceCollection services)
    {
        services.AddClusterViews();
        services.AddSingleton<ReplicaRouter>();
        services.AddSingleton<RetryPolicy>();
        services.AddSingleton<IModelCluster, OrleansModelCluster>();
        return services;
    }

    /// <summary>The catalog and the board as this process sees them, kept young.</summary>
    internal static IServiceCollection AddClusterViews(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<OrleansClusterOptions>().BindConfiguration(OrleansClusterOptions.SectionName).ValidateOnStart();
        services.AddSingleton<IValidateOptions<OrleansClusterOptions>, OrleansClusterOptionsValidator>();
        services.AddSingleton<OrleansModelCatalog>();
        services.AddSingleton<IModelCatalog>(provider => provider.GetRequiredService<OrleansModelCatalog>());
        services.AddSingleton<SiloBoardWatch>();
        services.AddSingleton<ClusterRefresher>();
        services.AddHostedService(provider => provider.GetRequiredService<ClusterRefresher>());
        return services;
    }
}
