using Granary.Api.Health;

namespace Granary.Api.Hosting;

/// <summary>Tells the probes how the default model is doing.</summary>
internal sealed class DefaultModelReadiness : IHostedService
{
    public DefaultModelReadiness(DefaultModelState state, ReadinessState readiness)
    {
        state.Changed += report => Tell(report, readiness);
        Tell(state.Current, readiness);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static void Tell(DefaultModelReport report, ReadinessState readiness)
    {
        if (report is { Key: { } key, Load: { } load })
            readiness.SetModelState(key, load, report.Reason);
    }
}

/// <summary>Joins the default model with the probes.</summary>
internal static class DefaultModelReadinessExtensions
{
    /// <summary>Registers the link; before the service that loads the model starts.</summary>
    public static IServiceCollection AddReadinessOfDefaultModel(this IServiceCollection services)
    {
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService, DefaultModelReadiness>());
        return services;
    }
}
