using Granary.Api.Grpc.Protos.Health;
using Granary.Api.Health;
using Granary.Api.Security;
using static Granary.Api.Grpc.Protos.Health.HealthCheckResponse.Types;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Granary.Api.Grpc.Services;

/// <summary>
/// The standard health protocol: every service is as ready as <c>/health/ready</c> says the process is.
/// Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md.
/// </summary>
internal sealed class HealthService(HealthProbe probe, IServiceProvider services, IHostApplicationLifetime lifetime, TimeProvider time) : IGrpcService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Resolved late: this is one of them.
    private readonly Lazy<HashSet<string>> _names = new(() => [.. services.GetServices<IGrpcService>().Select(service => service.Descriptor.FullName)]);

    public ServiceDescriptor Descriptor { get; } = HealthReflection.Descriptor.Services[0];

    public bool NeedsBearer => false;

    public ApiGroup? GroupOf(string method) => ApiGroup.Health;

    public void Bind(GrpcServiceBuilder methods) => methods
        .Unary<HealthCheckRequest, HealthCheckResponse>("Check", CheckAsync)
        .Unary<HealthListRequest, HealthListResponse>("List", ListAsync)
        .ServerStreaming<HealthCheckRequest, HealthCheckResponse>("Watch", WatchAsync);

    private async ValueTask<HealthCheckResponse> CheckAsync(HealthCheckRequest request, GrpcCall call)
    {
        var status = await StatusAsync(request.Service, call.Cancellation);
        return status == ServingStatus.ServiceUnknown
            ? throw new GrpcException(GrpcStatus.NotFound, $"There is no service '{request.Service}' here; reflection lists what there is")
            : new HealthCheckResponse { Status = status };
    }

    private async ValueTask<HealthListResponse> ListAsync(HealthListRequest request, GrpcCall call)
    {
        var response = new HealthListResponse();
        var status = await StatusAsync("", call.Cancellation);
        foreach (var name in _names.Value.Append(""))
            response.Statuses.Add(name, new HealthCheckResponse { Status = status });
        return response;
    }

    private async Task WatchAsync(HealthCheckRequest request, GrpcResponseStream<HealthCheckResponse> responses, GrpcCall call)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation, lifetime.ApplicationStopping);
        using var timer = new PeriodicTimer(Period, time);
        ServingStatus? told = null;
        try
        {
            while (true)
            {
                var status = await StatusAsync(request.Service, call.Cancellation);
                if (status != told)
                    await responses.WriteAsync(new HealthCheckResponse { Status = status });
                told = status;
                await timer.WaitForNextTickAsync(stop.Token);
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !call.Cancellation.IsCancellationRequested)
        {
            if (told == ServingStatus.Serving)
                await responses.WriteAsync(new HealthCheckResponse { Status = ServingStatus.NotServing });
            throw new GrpcException(GrpcStatus.Unavailable, "The server is shutting down");
        }
    }

    private async ValueTask<ServingStatus> StatusAsync(string service, CancellationToken cancellation)
    {
        if (service.Length > 0 && !_names.Value.Contains(service))
            return ServingStatus.ServiceUnknown;
        var report = await probe.ReadyAsync(cancellation);
        return report.Reasons is null ? ServingStatus.Serving : ServingStatus.NotServing;
    }
}
