namespace Granary.Serving.Sources.Arweave;

/// <summary>How models on Arweave are found, fetched and verified. How long and how often is asked says <see cref="SourceHttpOptions"/>.</summary>
public sealed class ArweaveOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "Arweave";

    /// <summary>
    /// Addresses of gateways, the preferred first; when one fails or lies the next is asked. Null (the default) means
    /// <c>https://arweave.net</c>, <c>https://permagate.io</c> and <c>https://g8way.io</c>.
    /// </summary>
    public string[]? Gateways { get; set; }

    /// <summary>What must hold before a file is used. Default <see cref="ArweaveVerification.Full"/>.</summary>
    public ArweaveVerification Verification { get; set; } = ArweaveVerification.Full;

    /// <summary>Longest wait for the whole of a small answer: a page of transactions, a header, a manifest, a chunk. Default 30 seconds.</summary>
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Largest small answer in bytes. Default 16 MiB: a header of format 1 holds its data.</summary>
    public long MaxAnswerBytes { get; set; } = 16L << 20;

    /// <summary>Most pages of 100 transactions that are read to find the newest one. Default 100.</summary>
    public int MaxPages { get; set; } = 100;

    /// <summary>
    /// Files of at least this many bytes are fetched in chunks, each verified by its own proof, before a plain download is tried.
    /// Default 0: chunks are fetched only where the plain download fails.
    /// </summary>
    public long ChunkedFromBytes { get; set; }

    /// <summary>Chunks of 256 KiB that are fetched at once. Default 8.</summary>
    public int ParallelChunks { get; set; } = 8;

    /// <summary>The gateways in force.</summary>
    internal string[] EffectiveGateways => Gateways is { Length: > 0 } given ? given : ["https://arweave.net", "https://permagate.io", "https://g8way.io"];
}
