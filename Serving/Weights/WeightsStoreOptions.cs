namespace Granary.Serving.Weights;

/// <summary>Where fetched weights are kept, and how much of the disk they may have.</summary>
public sealed class WeightsStoreOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "Weights";

    /// <summary>Directory of the store; processes of one host may share it. Default <c>.granary/weights</c> under the working directory.</summary>
    public string Directory { get; set; } = Path.Combine(".granary", "weights");

    /// <summary>Most bytes of the store; the least recently used files that nothing uses make room. Default 0: no limit of its own.</summary>
    public long MaxStoreBytes { get; set; }

    /// <summary>Bytes of the disk that stay free. Default 1 GiB.</summary>
    public long MinFreeBytes { get; set; } = 1L << 30;

    /// <summary>A download that brings no byte for this long is broken off and resumed. Default 1 minute.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Broken connections in a row, with less than 256 KiB in between, after which a download fails. Default 5.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>Delay before a broken download resumes; doubles with each failure in a row, with jitter. Default half a second.</summary>
    public TimeSpan FirstRetryDelay { get; set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Partial downloads that nobody continued for this long are deleted. Default 7 days.</summary>
    public TimeSpan PartialLifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Time between two log lines of one download. Default 5 seconds.</summary>
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromSeconds(5);
}
