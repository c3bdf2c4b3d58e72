namespace Granary.Hosting.Startup;

/// <summary>What the HTTP server listens on and what it accepts.</summary>
internal sealed class ServerOptions
{
    /// <summary>Configuration section.</summary>
    public const string SectionName = "Granary:Server";

    /// <summary>Addresses to listen on, see <see cref="BindAddress"/>. Default <c>127.0.0.1:3000</c>; <c>0.0.0.0:3000</c> when <c>RUNTIME=docker</c>.</summary>
    public IList<string> Bind { get; init; } = [];

    /// <summary>Accepted because every Infernet sample passes it; one process serves on all cores, so it changes nothing. Default 1.</summary>
    public int Workers { get; set; } = 1;

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

    /// <summary>Every mistake, each naming its key.</summary>
    public IEnumerable<string> Validate()
    {
        foreach (var bind in Bind)
        {
            if (!BindAddress.TryParse(bind, out _, out var error))
                yield return $"{SectionName}:Bind: {error}";
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
