namespace Granary.Serving.Embeddings.Store;

/// <summary>A file of embeddings is not what its format says; the message is fit for people and begins with the place.</summary>
internal sealed class DamagedFileException(long offset, string message) : Exception($"byte {offset}: {message}");
