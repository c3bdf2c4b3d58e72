namespace Granary.Serving.Sources.Arweave;

/// <summary>Why one gateway did not give what it was asked for.</summary>
internal enum GatewayFault
{
    /// <summary>It does not have it.</summary>
    Absent,

    /// <summary>It cannot be reached or asks for patience; it may be asked again.</summary>
    Busy,

    /// <summary>It answers, but not as a gateway should.</summary>
    Broken,

    /// <summary>What it gave is not what was signed.</summary>
    Lied,

    /// <summary>The thing belongs to an owner who may not sign for the model.</summary>
    WrongOwner,

    /// <summary>The signature is of a kind that cannot be verified here.</summary>
    Unverifiable,
}

/// <summary>One gateway did not give what it was asked for; another one may.</summary>
internal sealed class GatewayException(GatewayFault fault, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    public GatewayFault Fault { get; } = fault;

    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>A check that failed, named as in the list of checks that a file passed.</summary>
    public static GatewayException Failed(string check, string message) => new(GatewayFault.Lied, $"{message} (check '{check}')");
}
