using Granary.Silo.Health;
using Granary.Silo.Hosting;
using Granary.Silo.Telemetry;

namespace Granary.Silo;

/// <summary>One silo of a cluster: models in grains, probes and metrics over HTTP, nothing else.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) => SiloRunner.RunAsync(arguments, Build);

    private static WebApplication Build(string[] arguments)
    {
        var builder = SiloComposition.CreateBuilder(arguments);
        builder.AddSiloTelemetry();
        builder.AddServing();
        builder.AddSilo();
        builder.Services.AddSiloHealth();

        var app = builder.Build();
        app.MapSiloHealth();
        app.MapSiloMetrics();
        return app;
    }
}
