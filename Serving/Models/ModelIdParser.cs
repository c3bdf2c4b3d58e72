namespace Granary.Serving.Models;

/// <summary>Reads and writes the text form of a <see cref="ModelId"/>.</summary>
public static class ModelIdParser
{
    /// <summary>Reads a model id.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static ModelId Parse(string text) => throw new ServingException(ServingError.Internal, "not written yet: " + text);

    /// <summary>Writes the canonical text.</summary>
    public static string Format(ModelId id) => throw new ServingException(ServingError.Internal, "not written yet: " + id.Repository);
}
