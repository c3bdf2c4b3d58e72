namespace Granary.Serving.Embeddings.Speedy;

/// <summary>Bytes are not what the encoding says; the message is fit for people and begins with the place.</summary>
internal sealed class SpeedyException(int offset, string message) : Exception($"byte {offset}: {message}");
