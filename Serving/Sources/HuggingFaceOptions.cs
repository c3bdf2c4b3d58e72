namespace Granary.Serving.Sources;

/// <summary>The Hugging Face hub. The names in brackets are the variables its own tools read.</summary>
public sealed class HuggingFaceOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "HuggingFace";

    /// <summary>Address of the hub or of a mirror (<c>HF_ENDPOINT</c>). Default <c>https://huggingface.co</c>.</summary>
    public string Endpoint { get; set; } = "https://huggingface.co";

    /// <summary>Access token, sent to <see cref="Endpoint"/> only (<c>HF_TOKEN</c>, <c>HUGGING_FACE_HUB_TOKEN</c>). Default none.</summary>
    public string? Token { get; set; }

    /// <summary>Use only what is in the weights store and in the caches (<c>HF_HUB_OFFLINE</c>). Default false.</summary>
    public bool Offline { get; set; }

    /// <summary>
    /// A cache of the hub's own tools (<c>HF_HUB_CACHE</c>, or <c>hub</c> in <c>HF_HOME</c>), read in place and never written.
    /// Default none.
    /// </summary>
    public string? HubCache { get; set; }
}
