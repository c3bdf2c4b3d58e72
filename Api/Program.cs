using Granary.Api.Admin;
using Granary.Api.Description;
using Granary.Api.Grpc;
using Granary.Api.Health;
using Granary.Api.Hosting;
using Granary.Api.Http;
using Granary.Api.Infernet;
using Granary.Api.OpenInference;
using Granary.Api.OpenInference.Http;
using Granary.Api.OpenInference.V1;
using Granary.Api.Persia;
using Granary.Api.Security;
using Granary.Api.Telemetry;
using Granary.Api.TorchServe;
using Granary.Api.TorchServing;

namespace Granary.Api;

/// <summary>The service: reads what it is asked for, joins the parts, runs. Everything else has a room of its own.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments)
    {
        TorchPreload.Start();
        return StartupRunner.RunAsync(arguments, startup => Build(startup));
    }

    /// <summary>Joins the parts.</summary>
    /// <param name="startup">What the operator asked for.</param>
    /// <param name="replace">Replaces services, for tests.</param>
    internal static WebApplication Build(StartupOptions startup, Action<IServiceCollection>? replace = null)
    {
        var builder = ServerComposition.CreateBuilder(startup);
        builder.AddTelemetry();
        builder.AddServing();
        builder.AddAdmin();
        builder.Services.AddBearer();
        builder.Services.AddRestrictions();
        builder.Services.AddHealth();
        builder.Services.AddReadinessOfDefaultModel();
        builder.Services.AddApiDescription();
        builder.Services.AddInfernet();
        builder.Services.AddOpenInference();
        builder.Services.AddOpenInferenceV1();
        builder.Services.AddTorchServe();
        builder.Services.AddTorchServing();
        builder.Services.AddPersia();
        builder.Services.AddGrpc();
        replace?.Invoke(builder.Services);

        var app = builder.BuildChecked();
        app.UseMiddleware<EmptyErrorMiddleware>(GrpcRequests.OrStatus(V1Errors.OrV1(V2HttpErrors.OrV2(ServeErrors.OrServe(PersiaErrors.OrPersia(TorchServeErrors.OrTorchServe(InfernetErrors.WriteAsync)))))));
        app.UseMetricsPorts();
        app.UseTorchServePorts();
        app.MapInfernet().RequireBearer();
        app.MapOpenInference();
        app.MapOpenInferenceV1();
        app.MapTorchServe();
        app.MapTorchServing();
        app.MapPersia();
        app.MapAdmin();
        app.MapHealth();
        app.MapTelemetry();
        app.MapGrpc();
        app.MapApiDescription();
        return app;
    }
}
