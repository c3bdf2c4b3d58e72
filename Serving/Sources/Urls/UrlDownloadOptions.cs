namespace Granary.Serving.Sources.Urls;

/// <summary>Limits of downloads by URL.</summary>
public sealed record UrlDownloadOptions
{
    /// <summary>Whether private, loopback and link-local addresses may be reached. Default false.</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>Longest file in bytes. Default 8 GiB.</summary>
    public long MaxBytes { get; init; } = 8L << 30;

    /// <summary>Most redirects that are followed. Default 5.</summary>
    public int MaxRedirects { get; init; } = 5;

    /// <summary>How long a server may take to connect, and to send anything. Default 30 seconds.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}
