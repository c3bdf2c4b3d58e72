using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Granary.Api.Hosting;

/// <summary>Sets Kestrel up from <see cref="ServerOptions"/>.</summary>
internal static class KestrelSetup
{
    /// <summary>Applies addresses and limits.</summary>
    public static void Apply(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxRequestBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.KeepAliveTimeout = options.KeepAliveTimeout;
        kestrel.Limits.RequestHeadersTimeout = options.RequestHeadersTimeout;
        foreach (var text in options.Bind.Count > 0 ? options.Bind : [$"127.0.0.1:{BindAddress.DefaultPort}"])
        {
            if (BindAddress.TryParse(text, out var address, out _))
                Listen(kestrel, address);
        }
    }

    private static void Listen(KestrelServerOptions kestrel, BindAddress address)
    {
        if (address.Host == "*")
            kestrel.ListenAnyIP(address.Port, Configure);
        else if (IPAddress.TryParse(address.Host, out var ip))
            kestrel.Listen(ip, address.Port, Configure);
        else if (address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) && address.Port != 0)
            kestrel.ListenLocalhost(address.Port, Configure);
        else
            kestrel.Listen(Resolve(address.Host), address.Port, Configure);
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

    private static void Configure(ListenOptions listen) => listen.Protocols = HttpProtocols.Http1;
}
