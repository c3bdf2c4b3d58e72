using Granary.Api.Hosting;
using Granary.Api.Http;
using Granary.Api.Infernet;

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
        builder.AddServing();
        builder.Services.AddInfernet();
        replace?.Invoke(builder.Services);

        var app = builder.Build();
        app.UseMiddleware<EmptyErrorMiddleware>((Func<HttpContext, Failure?, Task>)InfernetErrors.WriteAsync);
        app.MapInfernet();
        return app;
    }
}
