namespace Granary.Serving.Sources;

/// <summary>How patient the sources that are asked over HTTP are.</summary>
public sealed class SourceHttpOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "SourceHttp";

    /// <summary>Longest wait for a connection. Default 10 seconds.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait for the head of an answer. Default 30 seconds.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries of one request that fails with 429, a 5xx or no connection. Default 5.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>Delay before the second try; doubles each time, with jitter. Default half a second.</summary>
    public TimeSpan FirstRetryDelay { get; set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Longest delay between two tries, and longest <c>Retry-After</c> that is waited for. Default 1 minute.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(1);
}
