using Granary.Grains.Models;
using Granary.Grains.Placement;
using Granary.Grains.Silos;
using Granary.Serving.Weights;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Placement;

namespace Granary.Grains;

/// <summary>Makes a silo one of Granary's.</summary>
public static class GranaryGrainsExtensions
{
    /// <summary>
    /// Adds the grains' collaborators, placement and reports. The host has registered the serving core: sources, weights store,
    /// activations.
    /// </summary>
    public static ISiloBuilder AddGranaryGrains(this ISiloBuilder silo)
    {
        var services = silo.Services;
        services.AddClusterViews();
        services.AddOptions<SiloReportOptions>().BindConfiguration(SiloReportOptions.SectionName).ValidateOnStart();
        services.AddSingleton<ModelGrainHost>();
        services.AddSingleton<SiloState>();
        services.AddSingleton<IWeightsPeers, SiloPeers>();
        services.AddSingleton<SiloReporter>();
        services.AddHostedService(provider => provider.GetRequiredService<SiloReporter>());
        services.AddHostedService<StaleModelsService>();
        // One strategy object a grain class: it carries what the class needs.
        services.AddPlacementDirector<ModelPlacement, ModelPlacementDirector>(ServiceLifetime.Transient);
        services.AddPlacementDirector<OnSiloPlacement, OnSiloPlacementDirector>();
        services.AddPlacementFilter<AcceleratorFilterStrategy, AcceleratorFilterDirector>(ServiceLifetime.Transient);
        return silo;
    }
}
