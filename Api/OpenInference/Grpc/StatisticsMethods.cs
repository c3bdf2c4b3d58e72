using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos;
using Granary.Serving.Clusters;
using Granary.Serving.Models;

namespace Granary.Api.OpenInference.Grpc;

/// <summary><c>ModelStatistics</c>.</summary>
internal sealed class StatisticsMethods(IModelCatalog catalog, V2Models models, IModelCluster cluster)
{
    /// <summary>Counters of one version, of every version of a model, or of everything.</summary>
    public async ValueTask<ModelStatisticsResponse> ModelStatisticsAsync(ModelStatisticsRequest request, GrpcCall call)
    {
        V2Inference.CheckVersion(request.Version);
        var names = request.Name.Length > 0 ? [request.Name] : await models.NamesAsync(call.Cancellation);
        var response = new ModelStatisticsResponse();
        foreach (var name in names)
        {
            foreach (var definition in await VersionsAsync(name, request.Version, call.Cancellation))
                response.ModelStats.Add(StatisticsMapper.ToMessage(await cluster.GetStatusAsync(definition.Key, call.Cancellation)));
        }

        if (request.Name.Length > 0 && response.ModelStats.Count == 0)
            throw V2Errors.Invalid($"requested model version is not available for model '{request.Name}'");
        return response;
    }

    private async ValueTask<IEnumerable<ModelDefinition>> VersionsAsync(string name, string version, CancellationToken cancellation)
    {
        var model = await catalog.FindAsync(name, cancellation) ?? throw V2Errors.Invalid($"requested model '{name}' is not available");
        return version.Length == 0 ? model.Versions : model.Versions.Where(definition => definition.Version == version);
    }
}
