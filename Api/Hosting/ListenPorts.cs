namespace Granary.Api.Hosting;

/// <summary>What a port answers.</summary>
[Flags]
internal enum PortUse
{
    /// <summary>Requests of HTTP/1.1.</summary>
    Http = 1,

    /// <summary>HTTP/2 without TLS, which gRPC needs.</summary>
    Grpc = 2,

    /// <summary>Metrics and probes alone.</summary>
    Metrics = 4,
}

/// <summary>The ports to open: every <c>--bind</c>, and the further ones on the same hosts. One that is named twice answers both.</summary>
internal static class ListenPorts
{
    /// <summary>Lists them in the order in which they are opened.</summary>
    public static IReadOnlyList<(BindAddress Address, PortUse Use)> Of(ServerOptions options)
    {
        var ports = new List<(BindAddress Address, PortUse Use)>();
        List<BindAddress> binds = [];
        foreach (var text in options.Addresses)
        {
            if (BindAddress.TryParse(text, out var bind, out _))
                binds.Add(bind);
        }

        foreach (var bind in binds)
            Add(ports, bind, options.AllowGrpc ? PortUse.Http | PortUse.Grpc : PortUse.Http);
        foreach (var host in binds.Select(bind => bind.Host).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (options is { AllowHttp: true, HttpPort: { } http })
                Add(ports, new BindAddress(host, http), PortUse.Http);
            if (options is { AllowGrpc: true, GrpcPort: { } grpc })
                Add(ports, new BindAddress(host, grpc), PortUse.Grpc);
            if (options.MetricsPort is { } metrics)
                Add(ports, new BindAddress(host, metrics), PortUse.Metrics);
        }

        return ports;
    }

    private static void Add(List<(BindAddress Address, PortUse Use)> ports, BindAddress address, PortUse use)
    {
        // Port 0 is another one each time.
        var known = address.Port == 0 ? -1 : ports.FindIndex(port => port.Address == address);
        if (known < 0)
            ports.Add((address, use));
        else
            ports[known] = (address, ports[known].Use | use);
    }
}
