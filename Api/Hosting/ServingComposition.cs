using Granary.Serving.Clusters;
using Granary.Serving.Devices;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Weights;

namespace Granary.Api.Hosting;

/// <summary>Chooses what stands behind the two doors: models in this process, or the grains of a cluster.</summary>
internal static class ServingComposition
{
    /// <summary>Adds the catalog and the cluster that <see cref="ClusterOptions.Mode"/> names, with their options.</summary>
    public static WebApplicationBuilder AddServing(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddModelSources();
        services.ConfigureServing(builder.Configuration);
        var mode = builder.Configuration.GetValue(ClusterOptions.ModeKey, ClusterMode.InProcess);
        if (mode == ClusterMode.Orleans)
        {
            OrleansComposition.Join(builder);
            // Other processes of the cluster may have loaded what the catalog holds.
            services.Configure<ModelRepositoryOptions>(static options => options.KeepLoaded = true);
            services.AddModelRepositories();
            return builder;
        }

        services.AddModelCatalog();
        services.AddWeightsStore();
        services.AddModelCluster();
        services.AddAccelerators();
        services.AddModelRepositories();
        return builder;
    }
}
