using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos;

namespace Granary.Api.OpenInference.Grpc;

/// <summary><c>ModelStatistics</c>.</summary>
internal sealed class StatisticsMethods(V2Statistics statistics)
{
    /// <summary>Counters of one version, of every version of a model, or of everything.</summary>
    public async ValueTask<ModelStatisticsResponse> ModelStatisticsAsync(ModelStatisticsRequest request, GrpcCall call)
    {
        V2Inference.CheckVersion(request.Version);
        var response = new ModelStatisticsResponse();
        foreach (var status in await statistics.GetAsync(request.Name, request.Version, call.Cancellation))
            response.ModelStats.Add(StatisticsMapper.ToMessage(status));
        return response;
    }
}
