using System.Text.Json;

namespace Granary.Api.Health;

/// <summary>Probes for orchestrators: <c>/health/live</c>, <c>/health/startup</c> and <c>/health/ready</c>.</summary>
public static class HealthExtensions
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Registers <see cref="ReadinessState"/>, to which whoever preloads models reports.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddSingleton<ReadinessState>();
        services.AddSingleton<HealthProbe>();
        return services;
    }

    /// <summary>Maps the probes; they need no key.</summary>
    public static WebApplication MapHealth(this WebApplication app)
    {
        var probe = app.Services.GetRequiredService<HealthProbe>();
        app.MapMethods("/health/live", Methods, context => WriteAsync(context, HealthProbe.Live)).WithMetadata(HealthDescriptions.Live);
        app.MapMethods("/health/startup", Methods, context => WriteAsync(context, probe.Startup())).WithMetadata(HealthDescriptions.Startup);
        app.MapMethods("/health/ready", Methods, async context => await WriteAsync(context, await probe.ReadyAsync(context.RequestAborted))).WithMetadata(HealthDescriptions.Ready);
        return app;
    }

    private static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        var response = context.Response;
        var body = JsonSerializer.SerializeToUtf8Bytes(report, HealthJson.Readable.HealthReport);
        response.StatusCode = report.Reasons is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }
}
