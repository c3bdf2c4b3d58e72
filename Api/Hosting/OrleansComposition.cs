#if GRANARY_ORLEANS
using Granary.Grains.Interfaces;
#else
using Granary.Serving;
#endif

namespace Granary.Api.Hosting;

/// <summary>Joins an Orleans cluster as a client. The one file of the API that names Orleans.</summary>
internal static class OrleansComposition
{
    /// <summary>Puts the grains of the cluster behind the doors; which cluster is in the configuration section <c>Orleans</c>.</summary>
    /// <exception cref="Granary.Serving.ServingException">This build was made without the Orleans packages.</exception>
    public static void Join(WebApplicationBuilder builder)
    {
#if GRANARY_ORLEANS
        builder.UseOrleansClient(client => client.AddGranaryClient());
        builder.Services.AddOrleansModelCluster();
#else
        _ = builder;
        throw new ServingException(ServingError.Unsupported,
            $"{ClusterOptions.ModeKey} is Orleans, but this build was made where the Microsoft.Orleans packages could not be restored; build it with a feed that has them");
#endif
    }
}
