namespace Granary.Serving.Formats;

/// <summary>A zip file's directory cannot be trusted; the message completes "it is damaged: …".</summary>
internal sealed class DamagedZipException(string message) : Exception(message);
