using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Weights;

namespace Granary.Api.Hosting;

/// <summary>Joins the serving core, which knows no configuration, with the sections of <c>Granary:</c>.</summary>
internal static class ServingComposition
{
    /// <summary>Adds catalog, sources, weights store and the in-process cluster with their options.</summary>
    public static WebApplicationBuilder AddServing(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        var granary = builder.Configuration.GetSection("Granary");
        services.AddModelCatalog();
        services.AddModelSources();
        services.AddWeightsStore();
        services.AddModelCluster();
        services.Configure<CatalogOptions>(granary.GetSection(CatalogOptions.SectionName));
        services.Configure<SourcePolicyOptions>(granary.GetSection(SourcePolicyOptions.SectionName));
        services.Configure<LocalSourceOptions>(granary.GetSection(LocalSourceOptions.SectionName));
        services.Configure<HuggingFaceOptions>(granary.GetSection(HuggingFaceOptions.SectionName));
        services.Configure<SourceHttpOptions>(granary.GetSection(SourceHttpOptions.SectionName));
        services.Configure<WeightsStoreOptions>(granary.GetSection(WeightsStoreOptions.SectionName));
        services.Configure<ActivationOptions>(granary.GetSection(ActivationOptions.SectionName));
        services.Configure<AdHocModelOptions>(granary.GetSection(AdHocModelOptions.SectionName));
        services.Configure<ModelMemoryOptions>(granary.GetSection(ModelMemoryOptions.SectionName));
        return builder;
    }
}
