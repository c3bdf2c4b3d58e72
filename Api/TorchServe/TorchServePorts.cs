using Granary.Api.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe;

/// <summary>TorchServe's own addresses. Connections to the management address carry a mark, whatever port the system chose.</summary>
internal static class TorchServePorts
{
    private static readonly ManagementConnection Mark = new();

    // What TorchServe answers there, and the probes.
    private static readonly string[] ManagementPaths = ["/models", "/token", "/v1/models", "/api-description", "/openapi", "/health", "/ping"];

    /// <summary>The addresses, each with what it answers; one that is named twice answers both.</summary>
    public static IReadOnlyList<(BindAddress Address, TorchServeUse Use)> Of(TorchServeOptions options)
    {
        var ports = new List<(BindAddress Address, TorchServeUse Use)>();
        Add(ports, options.InferenceAddress, TorchServeUse.Inference);
        Add(ports, options.ManagementAddress, TorchServeUse.Management);
        Add(ports, options.MetricsAddress, TorchServeUse.Metrics);
        Add(ports, options.GrpcInferenceAddress, TorchServeUse.Grpc);
        Add(ports, options.GrpcManagementAddress, TorchServeUse.Grpc);
        return ports;
    }

    /// <summary>Opens them.</summary>
    public static void Listen(KestrelServerOptions kestrel, TorchServeOptions options)
    {
        foreach (var (address, use) in Of(options))
            KestrelSetup.Listen(kestrel, address, listen => Configure(listen, use));
    }

    /// <summary>Whether a request came through the address for management alone.</summary>
    public static bool IsManagement(HttpContext context) => context.Features.Get<ManagementConnection>() is not null;

    /// <summary>Hides everything but management there. Costs nothing when there is no such address.</summary>
    public static void UseTorchServePorts(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<TorchServeOptions>>().Value;
        if (!Of(options).Any(static port => port.Use == TorchServeUse.Management))
            return;
        app.Use(static (context, next) =>
        {
            if (!IsManagement(context) || context.Request.Path == "/" || ManagementPaths.Any(path => context.Request.Path.StartsWithSegments(path)))
                return next(context);
            return TorchServeErrors.WriteAsync(context, TorchServeException.NoResource());
        });
    }

    private static void Configure(ListenOptions listen, TorchServeUse use)
    {
        listen.Protocols = use == TorchServeUse.Grpc ? HttpProtocols.Http2 : HttpProtocols.Http1;
        if (use == TorchServeUse.Metrics)
        {
            MetricsPorts.Restrict(listen);
        }
        else if (use == TorchServeUse.Management)
        {
            listen.Use(next => connection =>
            {
                connection.Features.Set(Mark);
                return next(connection);
            });
        }
    }

    private static void Add(List<(BindAddress Address, TorchServeUse Use)> ports, string? text, TorchServeUse use)
    {
        if (string.IsNullOrEmpty(text) || !BindAddress.TryParse(text, out var address, out _))
            return;
        var known = address.Port == 0 ? -1 : ports.FindIndex(port => port.Address == address);
        if (known < 0)
            ports.Add((address, use));
        else if (ports[known].Use != use)
            // As TorchServe: addresses that coincide are one connector for all.
            ports[known] = (address, TorchServeUse.Inference);
    }

    private sealed class ManagementConnection;
}

/// <summary>What an address of TorchServe answers.</summary>
internal enum TorchServeUse
{
    /// <summary>Everything the service's own port answers over HTTP/1.1, management for those who may.</summary>
    Inference,

    /// <summary>Management alone.</summary>
    Management,

    /// <summary>Metrics and probes alone.</summary>
    Metrics,

    /// <summary>gRPC.</summary>
    Grpc,
}
