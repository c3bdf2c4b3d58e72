using Granary.Api.Grpc;
using Granary.Api.OpenInference.Ensembles;
using Granary.Api.OpenInference.Grpc;
using Granary.Api.OpenInference.Http;
using Granary.Api.Security;

namespace Granary.Api.OpenInference;

/// <summary>The Open Inference protocol (V2) over HTTP and gRPC, with Triton's extensions.</summary>
internal static class OpenInferenceExtensions
{
    private const string Version = "/v2/models/{model}/versions/{version}";
    private const string Newest = "/v2/models/{model}";

    /// <summary>Registers the protocol; needs a catalog, a cluster and model repositories.</summary>
    public static IServiceCollection AddOpenInference(this IServiceCollection services)
    {
        services.AddOptions<OpenInferenceOptions>().BindConfiguration(OpenInferenceOptions.SectionName).Validate(static options => options.ServerId.Length > 0, $"{OpenInferenceOptions.SectionName}:{nameof(OpenInferenceOptions.ServerId)} is empty").ValidateOnStart();
        services.AddSingleton<EnsembleStatistics>();
        services.AddSingleton<V2Inference>();
        services.AddSingleton<V2Statistics>();
        services.AddSingleton<StatisticsEndpoint>();
        services.AddSingleton<V2Models>();
        services.AddSingleton<V2Server>();
        services.AddSingleton<V2Endpoint>();
        services.AddSingleton<JsonBody>();
        services.AddSingleton<InferEndpoint>();
        services.AddSingleton<MetadataEndpoints>();
        services.AddSingleton<RepositoryEndpoints>();
        services.AddSingleton<GenerateEndpoint>();
        services.AddSingleton<V2LogSettings>();
        services.AddSingleton<LoggingEndpoints>();
        return services.AddInferenceService();
    }

    private static IServiceCollection AddInferenceService(this IServiceCollection services)
    {
        services.AddSingleton<InferMethods>();
        services.AddSingleton<MetadataMethods>();
        services.AddSingleton<RepositoryMethods>();
        services.AddSingleton<StatisticsMethods>();
        services.AddSingleton<SettingsMethods>();
        services.AddGrpcService<InferenceService>();
        return services;
    }

    /// <summary>Maps everything under <c>/v2</c>. Health and metadata of the server are open; the rest asks for the bearer token where there is one. Every group can be restricted.</summary>
    public static WebApplication MapOpenInference(this WebApplication app)
    {
        var services = app.Services;
        var map = new Map(app, services.GetRequiredService<V2Endpoint>());
        var metadata = services.GetRequiredService<MetadataEndpoints>();
        map.Open(ApiGroup.Metadata, "GET", "/v2", metadata.ServerAsync);
        map.Open(ApiGroup.Health, "GET", "/v2/health/live", metadata.LiveAsync);
        map.Open(ApiGroup.Health, "GET", "/v2/health/ready", metadata.ReadyAsync);
        map.Add(ApiGroup.Metadata, "GET", "/v2/models", metadata.ModelsAsync);
        var statistics = services.GetRequiredService<StatisticsEndpoint>();
        map.Add(ApiGroup.Statistics, "GET", "/v2/models/stats", statistics.GetAsync);
        var infer = services.GetRequiredService<InferEndpoint>();
        var generate = services.GetRequiredService<GenerateEndpoint>();
        foreach (var path in (string[])[Newest, Version])
        {
            app.MapPost($"{path}/infer", infer.HandleAsync).RequireBearer().RestrictTo(ApiGroup.Inference);
            map.Add(ApiGroup.Inference, "POST", $"{path}/generate", generate.GenerateAsync);
            map.Add(ApiGroup.Inference, "POST", $"{path}/generate_stream", generate.StreamAsync);
            map.Add(ApiGroup.Metadata, "GET", path, metadata.ModelAsync);
            map.Add(ApiGroup.Health, "GET", $"{path}/ready", metadata.ModelReadyAsync);
            map.Add(ApiGroup.ModelConfig, "GET", $"{path}/config", metadata.ConfigAsync);
            map.Add(ApiGroup.Statistics, "GET", $"{path}/stats", statistics.GetAsync);
        }

        MapRepository(map, services.GetRequiredService<RepositoryEndpoints>());
        var logging = services.GetRequiredService<LoggingEndpoints>();
        map.Add(ApiGroup.Logging, "GET", "/v2/logging", logging.GetAsync);
        map.Add(ApiGroup.Logging, "POST", "/v2/logging", logging.SetAsync);
        MapUnsupported(map);
        return app;
    }

    private static void MapRepository(Map map, RepositoryEndpoints repository)
    {
        foreach (var prefix in (string[])["/v2/repository", "/v2/repository/{repository}"])
        {
            map.Add(ApiGroup.ModelRepository, "POST", $"{prefix}/index", repository.IndexAsync);
            map.Add(ApiGroup.ModelRepository, "POST", $"{prefix}/models/{{model}}/load", repository.LoadAsync);
            map.Add(ApiGroup.ModelRepository, "POST", $"{prefix}/models/{{model}}/unload", repository.UnloadAsync);
        }
    }

    private static void MapUnsupported(Map map)
    {
        foreach (var kind in (string[])["/v2/systemsharedmemory", "/v2/cudasharedmemory"])
        {
            map.Add(ApiGroup.SharedMemory, "GET", $"{kind}/status", UnsupportedEndpoints.StatusAsync);
            map.Add(ApiGroup.SharedMemory, "GET", $"{kind}/region/{{region}}/status", UnsupportedEndpoints.StatusAsync);
            map.Add(ApiGroup.SharedMemory, "POST", $"{kind}/region/{{region}}/register", UnsupportedEndpoints.RegisterAsync);
            map.Add(ApiGroup.SharedMemory, "POST", $"{kind}/region/{{region}}/unregister", UnsupportedEndpoints.UnregisterAsync);
            map.Add(ApiGroup.SharedMemory, "POST", $"{kind}/unregister", UnsupportedEndpoints.UnregisterAsync);
        }

        foreach (var path in (string[])["/v2/trace/setting", "/v2/models/{model}/trace/setting"])
        {
            map.Add(ApiGroup.Trace, "GET", path, UnsupportedEndpoints.TraceAsync);
            map.Add(ApiGroup.Trace, "POST", path, UnsupportedEndpoints.TraceAsync);
        }
    }

    private sealed class Map(WebApplication app, V2Endpoint endpoint)
    {
        public void Open(ApiGroup group, string method, string path, RequestDelegate handler) => app.MapMethods(path, [method], endpoint.Guard(handler)).RestrictTo(group);

        public void Add(ApiGroup group, string method, string path, RequestDelegate handler) => app.MapMethods(path, [method], endpoint.Guard(handler)).RequireBearer().RestrictTo(group);
    }
}
