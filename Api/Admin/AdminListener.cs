using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Granary.Api.Admin;

/// <summary>
/// The listener of <see cref="AdminOptions.Bind"/>. Its connections carry a mark, so that a request knows on which side it came
/// in whatever port the system chose.
/// </summary>
internal static class AdminListener
{
    private static readonly AdminConnection Mark = new();

    /// <summary>Opens the listener.</summary>
    public static void Listen(KestrelServerOptions kestrel, string bind)
    {
        var endpoint = Parse(bind)!;
        // ListenAnyIP falls back to IPv4 where the machine has no IPv6.
        if (endpoint.Address.Equals(IPAddress.IPv6Any))
            kestrel.ListenAnyIP(endpoint.Port, MarkConnections);
        else
            kestrel.Listen(endpoint, MarkConnections);
    }

    /// <summary>Whether a request came through the listener.</summary>
    public static bool Accepted(HttpContext context) => context.Features.Get<AdminConnection>() is not null;

    /// <summary>Reads <c>HOST:PORT</c> or a port of 127.0.0.1; null when it is neither. <c>localhost</c> is 127.0.0.1.</summary>
    public static IPEndPoint? Parse(string bind)
    {
        var colon = bind.LastIndexOf(':');
        if (colon < 0)
            return ushort.TryParse(bind, NumberStyles.None, CultureInfo.InvariantCulture, out var alone) ? new IPEndPoint(IPAddress.Loopback, alone) : null;
        if (!ushort.TryParse(bind.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return null;
        var host = bind[..colon];
        if (host is "*" or "")
            return new IPEndPoint(IPAddress.IPv6Any, port);
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return new IPEndPoint(IPAddress.Loopback, port);
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (!bracketed && host.Contains(':'))
            return null;
        return IPAddress.TryParse(bracketed ? host[1..^1] : host, out var address) ? new IPEndPoint(address, port) : null;
    }

    private static void MarkConnections(ListenOptions listener)
    {
        listener.Protocols = HttpProtocols.Http1;
        listener.Use(next => connection =>
        {
            connection.Features.Set(Mark);
            return next(connection);
        });
    }

    private sealed class AdminConnection;
}
