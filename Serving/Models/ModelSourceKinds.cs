namespace Granary.Serving.Models;

/// <summary>The names and numbers of source kinds, as model ids, environments and requests write them.</summary>
public static class ModelSourceKinds
{
    /// <summary>The first word of a model id.</summary>
    public static string Name(ModelSourceKind kind) => kind switch
    {
        ModelSourceKind.Local => "local",
        ModelSourceKind.Arweave => "arweave",
        ModelSourceKind.HuggingFace => "huggingface",
        ModelSourceKind.Blob => "blob",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown source kind"),
    };

    /// <summary>Reads the first word of a model id; lower case only, so that an id has one text.</summary>
    public static bool TryFromName(ReadOnlySpan<char> name, out ModelSourceKind kind)
    {
        (var known, kind) = name switch
        {
            "local" => (true, ModelSourceKind.Local),
            "arweave" => (true, ModelSourceKind.Arweave),
            "huggingface" => (true, ModelSourceKind.HuggingFace),
            "blob" => (true, ModelSourceKind.Blob),
            _ => (false, default),
        };
        return known;
    }

    /// <summary>
    /// Reads the <c>MODEL_SOURCE</c> of Infernet services: 0 local, 1 arweave, 2 Hugging Face, or the name in any case
    /// (<c>HUGGINGFACE_HUB</c> included).
    /// </summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static ModelSourceKind FromModelSource(string source) => source.Trim().ToUpperInvariant() switch
    {
        "0" or "LOCAL" => ModelSourceKind.Local,
        "1" or "ARWEAVE" => ModelSourceKind.Arweave,
        "2" or "HUGGINGFACE_HUB" or "HUGGINGFACE" or "HUGGING_FACE" => ModelSourceKind.HuggingFace,
        "BLOB" => ModelSourceKind.Blob,
        _ => throw new ServingException(ServingError.InvalidArgument,
            $"model source {ModelIdText.Quote(source)} is unknown; expected 0 or LOCAL, 1 or ARWEAVE, 2 or HUGGINGFACE_HUB"),
    };
}
