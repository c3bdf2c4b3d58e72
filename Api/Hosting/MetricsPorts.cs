using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Granary.Api.Hosting;

/// <summary>Ports that answer metrics and probes alone. Their connections carry a mark, whatever port the system chose.</summary>
internal static class MetricsPorts
{
    private static readonly MetricsConnection Mark = new();

    /// <summary>Makes a port one of them.</summary>
    public static void Restrict(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection =>
        {
            connection.Features.Set(Mark);
            return next(connection);
        });
    }

    /// <summary>Hides everything else there. Costs nothing when there is no such port.</summary>
    public static void UseMetricsPorts(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.MetricsPort is null && string.IsNullOrEmpty(app.Configuration["Granary:TorchServe:MetricsAddress"]))
            return;
        app.Use(static (context, next) =>
        {
            if (context.Features.Get<MetricsConnection>() is null || IsOpen(context.Request.Path))
                return next(context);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
    }

    private static bool IsOpen(PathString path) => path.StartsWithSegments("/metrics") || path.StartsWithSegments("/health");

    private sealed class MetricsConnection;
}
