namespace Granary.Hosting.Startup;

/// <summary>What the HTTP server listens on and what it accepts.</summary>
internal sealed class ServerOptions
{
    /// <summary>Configuration section.</summary>
    public const string SectionName = "Granary:Server";

    /// <summary>Addresses to listen on, see <see cref="BindAddress"/>. Default <c>127.0.0.1:3000</c>; <c>0.0.0.0:3000</c> when <c>RUNTIME=docker</c>.</summary>
    public IList<string> Bind { get; init; } = [];

    /// <summary>With <see cref="Port"/> one more address, as torch-serving names it; alone with port 3000. Default null: none.</summary>
    public string? Host { get; set; }

    /// <summary>With <see cref="Host"/> one more address; alone on 127.0.0.1. Default null: none.</summary>
    public int? Port { get; set; }

    /// <summary>A further port for HTTP/1.1, on the hosts of <see cref="Bind"/>; may equal <see cref="GrpcPort"/>. Default null: none.</summary>
    public int? HttpPort { get; set; }

    /// <summary>A further port for gRPC (HTTP/2 by prior knowledge), on the hosts of <see cref="Bind"/>. Default null: none.</summary>
    public int? GrpcPort { get; set; }

    /// <summary>A further port for <c>/metrics</c> and the probes alone, on the hosts of <see cref="Bind"/>. Default null: none.</summary>
    public int? MetricsPort { get; set; }

    /// <summary>Whether <see cref="HttpPort"/> is opened. Default true.</summary>
    public bool AllowHttp { get; set; } = true;

    /// <summary>Whether gRPC is answered, on any port. Default true.</summary>
    public bool AllowGrpc { get; set; } = true;

    /// <summary>Accepted because every Infernet sample passes it; one process serves on all cores, so it changes nothing. Default 1.</summary>
    public int Workers { get; set; } = 1;

    /// <summary>Accepted because torch-serving takes it; one process serves on all cores, so it changes nothing. Default null.</summary>
    public int? Threads { get; set; }

    /// <summary>Largest request body in bytes; a larger one gets 413. Default 256 MiB.</summary>
    public long MaxRequestBodyBytes { get; set; } = 256L << 20;

    /// <summary>Most connections at once; null for no limit. Default null.</summary>
    public long? MaxConnections { get; set; }

    /// <summary>How long an idle connection is kept. Default 130 seconds.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>How long a client may take to send its request headers. Default 30 seconds.</summary>
    public TimeSpan RequestHeadersTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a stop waits for running requests. Default 30 seconds.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Every address to listen on, as text; never empty.</summary>
    public IReadOnlyList<string> Addresses =>
        Host is not null || Port is not null ? [.. Bind, HostAddress.With(Host ?? HostAddress.Default, Port ?? BindAddress.DefaultPort)]
        : Bind.Count > 0 ? [.. Bind]
        : [HostAddress.With(HostAddress.Default, BindAddress.DefaultPort)];

    /// <summary>Every mistake, each naming its key.</summary>
    public IEnumerable<string> Validate()
    {
        foreach (var bind in Addresses)
        {
            if (!BindAddress.TryParse(bind, out _, out var error))
                yield return $"{SectionName}:Bind: {error}";
        }

        foreach (var (name, port) in new[] { (nameof(Port), Port), (nameof(HttpPort), HttpPort), (nameof(GrpcPort), GrpcPort), (nameof(MetricsPort), MetricsPort) })
        {
            if (port is < 0 or > ushort.MaxValue)
                yield return $"{SectionName}:{name} is {port}; expected 0 to {ushort.MaxValue}";
        }

        if (Workers < 1)
            yield return $"{SectionName}:Workers is {Workers}; expected at least 1";
        if (MaxRequestBodyBytes is < 1 or > int.MaxValue)
            yield return $"{SectionName}:MaxRequestBodyBytes is {MaxRequestBodyBytes}; expected 1 to {int.MaxValue}";
        if (MaxConnections is < 1)
            yield return $"{SectionName}:MaxConnections is {MaxConnections}; expected at least 1, or nothing for no limit";
        if (KeepAliveTimeout <= TimeSpan.Zero)
            yield return $"{SectionName}:KeepAliveTimeout is {KeepAliveTimeout}; expected more than zero";
        if (RequestHeadersTimeout <= TimeSpan.Zero)
            yield return $"{SectionName}:RequestHeadersTimeout is {RequestHeadersTimeout}; expected more than zero";
        if (ShutdownTimeout < TimeSpan.Zero)
            yield return $"{SectionName}:ShutdownTimeout is {ShutdownTimeout}; expected zero or more";
    }
}
