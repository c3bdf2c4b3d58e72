namespace Granary.Api.Grpc;

/// <summary>How gRPC is spoken.</summary>
internal sealed class GrpcOptions
{
    /// <summary>Configuration section.</summary>
    public const string SectionName = "Granary:Grpc";

    /// <summary>Largest message in bytes, either way, before compression; a larger one is RESOURCE_EXHAUSTED. Default 2,147,483,591, the most that a block of memory holds.</summary>
    public int MaxMessageBytes { get; set; } = Array.MaxLength;

    /// <summary>Whether answers of at least 1 KiB are compressed the way the caller compresses its requests. Default true.</summary>
    public bool CompressResponses { get; set; } = true;

    /// <summary>Most calls at once on one connection; further ones wait at the client. Default 1,000.</summary>
    public int MaxStreamsPerConnection { get; set; } = 1000;

    /// <summary>How long a connection with open calls may be silent before the server asks whether the client is still there. Default one minute.</summary>
    public TimeSpan KeepAlivePingDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the client may take to say so before the connection is closed. Default 20 seconds.</summary>
    public TimeSpan KeepAlivePingTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Every mistake, each naming its key.</summary>
    public IEnumerable<string> Validate()
    {
        if (MaxMessageBytes < 1 || MaxMessageBytes > Array.MaxLength)
            yield return $"{SectionName}:{nameof(MaxMessageBytes)} is {MaxMessageBytes}; expected 1 to {Array.MaxLength}";
        if (MaxStreamsPerConnection < 1)
            yield return $"{SectionName}:{nameof(MaxStreamsPerConnection)} is {MaxStreamsPerConnection}; expected at least 1";
        if (KeepAlivePingDelay < TimeSpan.FromSeconds(1))
            yield return $"{SectionName}:{nameof(KeepAlivePingDelay)} is {KeepAlivePingDelay}; expected at least one second";
        if (KeepAlivePingTimeout < TimeSpan.FromSeconds(1))
            yield return $"{SectionName}:{nameof(KeepAlivePingTimeout)} is {KeepAlivePingTimeout}; expected at least one second";
    }
}
