using Granary.Grains.Silos;

namespace Granary.Silo.Health;

/// <summary>
/// Probes: <c>/health/startup</c> once the silo has joined, <c>/health/ready</c> while it takes new work, <c>/health/live</c> as
/// long as the process answers. None of them calls a grain or storage.
/// </summary>
internal static class SiloHealth
{
    /// <summary>Registers what the probes read.</summary>
    public static IServiceCollection AddSiloHealth(this IServiceCollection services)
    {
        services.AddSingleton<JoinState>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<JoinState>());
        return services;
    }

    /// <summary>Maps the probes.</summary>
    public static void MapSiloHealth(this WebApplication app)
    {
        var join = app.Services.GetRequiredService<JoinState>();
        var state = app.Services.GetRequiredService<SiloState>();
        app.Lifetime.ApplicationStopping.Register(state.BeginDraining);
        app.MapGet("/health/live", static context => Answer(context, null));
        app.MapGet("/health/startup", context => Answer(context, join.HasJoined ? null : "the silo has not joined its cluster yet"));
        app.MapGet("/health/ready", context => Answer(context, Reason(join, state)));
    }

    private static string? Reason(JoinState join, SiloState state) =>
        !join.HasJoined ? "the silo has not joined its cluster yet"
        : state.IsDraining ? "the silo is draining"
        : state.IsSaturated ? "the silo is saturated"
        : null;

    private static Task Answer(HttpContext context, string? reason)
    {
        context.Response.StatusCode = reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        // The reasons are ours and need no escaping.
        return context.Response.WriteAsync(reason is null ? """{"status":"ok"}""" : $$"""{"status":"unavailable","reasons":["{{reason}}"]}""");
    }
}
