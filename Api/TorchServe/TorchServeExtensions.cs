using Granary.Api.Description;
using Granary.Api.Grpc;
using Granary.Api.Security;
using Granary.Api.Telemetry;
using Granary.Api.TorchServe.Grpc;
using Granary.Api.TorchServe.Inference;
using Granary.Api.TorchServe.Management;
using Granary.Api.TorchServe.Tokens;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe;

/// <summary>TorchServe's inference and management APIs.</summary>
internal static class TorchServeExtensions
{
    /// <summary>Reads <see cref="TorchServeOptions"/> and registers the endpoints; needs a catalog, a cluster and the admin API.</summary>
    public static IServiceCollection AddTorchServe(this IServiceCollection services)
    {
        services.AddOptions<TorchServeOptions>().BindConfiguration(TorchServeOptions.SectionName).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TorchServeOptions>, TorchServeOptionsValidator>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<TorchServeOptions>>(static (kestrel, options) => TorchServePorts.Listen(kestrel, options.Value));
        services.AddSingleton(static provider => new TokenAuthority(provider.GetRequiredService<IOptions<TorchServeOptions>>().Value.TokenLifetime, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<TokenService>();
        services.AddHostedService(static provider => provider.GetRequiredService<TokenService>());
        services.AddSingleton<TorchServeAccess>();
        services.AddSingleton<IInferenceTokens, TorchServeTokens>();
        services.AddSingleton<TorchServeModels>();
        services.AddSingleton<TorchServeCounters>();
        services.AddSingleton<IMetricsText, TorchServeMetrics>();
        services.AddSingleton<Predictor>();
        services.AddSingleton<PredictionsEndpoint>();
        services.AddSingleton<PingEndpoint>();
        services.AddSingleton<WorkerLimits>();
        services.AddSingleton<ModelStores>();
        services.AddSingleton<ArchiveFetcher>();
        services.AddSingleton<ModelRegistration>();
        services.AddSingleton<ModelManagement>();
        services.AddSingleton<ManagementEndpoints>();
        services.AddHostedService<TorchServeStartupService>();
        services.AddGrpcService<TorchServeInferenceService>();
        services.AddGrpcService<TorchServeManagementService>();
        return services;
    }

    /// <summary>Maps everything.</summary>
    public static WebApplication MapTorchServe(this WebApplication app)
    {
        var map = new EndpointMap(app, app.Services.GetRequiredService<TorchServeAccess>(), app.Services.GetRequiredService<TorchServeCounters>());
        MapInference(map, app.Services.GetRequiredService<PredictionsEndpoint>(), app.Services.GetRequiredService<PingEndpoint>());
        MapManagement(map, app.Services.GetRequiredService<ManagementEndpoints>());
        var description = app.Services.GetRequiredService<DescriptionPage>();
        app.MapMethods("/", [HttpMethods.Options], description.WriteAsync);
        app.MapMethods("/api-description", [HttpMethods.Get, HttpMethods.Options], description.WriteAsync).WithMetadata(DescriptionPage.Description);
        return app;
    }

    private static void MapInference(EndpointMap map, PredictionsEndpoint predictions, PingEndpoint ping)
    {
        map.Inference("/predictions/{model}/{version?}", predictions.PredictAsync, TorchServeDescriptions.Predict);
        // What follows the version is for Python handlers.
        map.Inference("/predictions/{model}/{version}/{**rest}", predictions.PredictAsync, null);
        map.Inference("/explanations/{model}/{version?}", PredictionsEndpoint.ExplainAsync, TorchServeDescriptions.Explain);
        map.Inference("/models/{model}/invoke", predictions.PredictAsync, TorchServeDescriptions.Invoke);
        map.Inference("/invocations", predictions.InvokeAsync, TorchServeDescriptions.Invocations);
        map.Inference("/{model}/predict", predictions.PredictAsync, TorchServeDescriptions.Legacy);
        map.Inference("/{model}/{version}/predict", predictions.PredictAsync, null);
        map.Open("/ping", ping.PingAsync, TorchServeDescriptions.Ping);
    }

    private static void MapManagement(EndpointMap map, ManagementEndpoints management)
    {
        map.Management(HttpMethods.Get, "/models", management.ListAsync, TorchServeDescriptions.List);
        map.Management(HttpMethods.Post, "/models", management.RegisterAsync, TorchServeDescriptions.Register);
        const string Model = "/models/{model}/{version?}";
        map.Management(HttpMethods.Get, Model, management.DescribeAsync, TorchServeDescriptions.Describe);
        map.Management(HttpMethods.Put, Model, management.ScaleAsync, TorchServeDescriptions.Scale);
        map.Management(HttpMethods.Delete, Model, management.UnregisterAsync, TorchServeDescriptions.Unregister);
        map.Management(HttpMethods.Options, Model, management.DescribeApiAsync, TorchServeDescriptions.Api);
        map.Management(HttpMethods.Put, "/models/{model}/{version}/set-default", management.SetDefaultAsync, TorchServeDescriptions.SetDefault);
        map.Tokens("/token", management.TokenAsync, TorchServeDescriptions.Token);
    }
}
