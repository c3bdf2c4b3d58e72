using System.Net;
using System.Net.Sockets;
using Granary.Api.Grpc;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Granary.Api.Hosting;

/// <summary>Sets Kestrel up from <see cref="ServerOptions"/>.</summary>
internal static class KestrelSetup
{
    // What a caller may send before the server has taken any of it. A call rarely waits for credit then, not even over a wide and
    // slow network; memory is spent on what really comes.
    private const int ConnectionWindowBytes = 32 << 20;
    private const int StreamWindowBytes = 8 << 20;

    // Larger frames spare large tensors most of the overhead of a frame.
    private const int MaxFrameBytes = 256 << 10;

    /// <summary>Applies addresses and limits.</summary>
    public static void Apply(KestrelServerOptions kestrel, ServerOptions options, GrpcOptions grpc)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxRequestBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.KeepAliveTimeout = options.KeepAliveTimeout;
        kestrel.Limits.RequestHeadersTimeout = options.RequestHeadersTimeout;
        if (!grpc.Validate().Any())
            Apply(kestrel.Limits.Http2, grpc);
        var http2 = new Http2Ports(kestrel.ApplicationServices.GetRequiredService<TimeProvider>());
        foreach (var (address, use) in ListenPorts.Of(options))
            Listen(kestrel, address, listen => Configure(listen, use, http2));
        if (options.AllowGrpc)
            http2.Open(kestrel);
    }

    private static void Apply(Http2Limits limits, GrpcOptions grpc)
    {
        limits.MaxStreamsPerConnection = grpc.MaxStreamsPerConnection;
        limits.KeepAlivePingDelay = grpc.KeepAlivePingDelay;
        limits.KeepAlivePingTimeout = grpc.KeepAlivePingTimeout;
        limits.InitialConnectionWindowSize = ConnectionWindowBytes;
        limits.InitialStreamWindowSize = StreamWindowBytes;
        limits.MaxFrameSize = MaxFrameBytes;
    }

    private static void Configure(ListenOptions listen, PortUse use, Http2Ports http2)
    {
        switch (use)
        {
            case PortUse.Grpc:
                listen.Protocols = HttpProtocols.Http2;
                break;
            case PortUse.Metrics:
                MetricsPorts.Restrict(listen);
                break;
            default:
                listen.Protocols = HttpProtocols.Http1;
                if (use.HasFlag(PortUse.Grpc))
                    http2.Share(listen);
                break;
        }
    }

    /// <summary>Opens one address.</summary>
    public static void Listen(KestrelServerOptions kestrel, BindAddress address, Action<ListenOptions> configure)
    {
        if (address.Host == "*")
            kestrel.ListenAnyIP(address.Port, configure);
        else if (IPAddress.TryParse(address.Host, out var ip))
            kestrel.Listen(ip, address.Port, configure);
        else if (address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) && address.Port != 0)
            kestrel.ListenLocalhost(address.Port, configure);
        else
            kestrel.Listen(Resolve(address.Host), address.Port, configure);
    }

    private static IPAddress Resolve(string host)
    {
        try
        {
            return Dns.GetHostAddresses(host)[0];
        }
        catch (SocketException exception)
        {
            throw new IOException($"--bind: the host name '{host}' has no address ({exception.Message})", exception);
        }
    }
}
