namespace Granary.Serving;

/// <summary>
/// The one exception of the serving core. The message goes to the caller as it is, so it says what failed, the offending
/// name, actual against allowed, and what to do; it never holds a stack trace or a server path.
/// </summary>
public sealed class ServingException(ServingError error, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What kind of failure.</summary>
    public ServingError Error { get; } = error;

    /// <summary>When trying again makes sense; null when unknown.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
