namespace Granary.Serving.Responses;

/// <summary>The answers that are kept for requests that come again. Only models whose definition says <c>ResponseCache</c> use it.</summary>
public sealed class ResponseCacheOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "ResponseCache";

    /// <summary>Memory for the answers of all models, in bytes; what was used longest ago makes room. Default 0: nothing is kept.</summary>
    public long MaxBytes { get; set; }
}
