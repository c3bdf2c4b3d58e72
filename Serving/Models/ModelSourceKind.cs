namespace Granary.Serving.Models;

/// <summary>Where weights come from; the first word of a model id.</summary>
public enum ModelSourceKind
{
    /// <summary><c>local</c>: a path under a configured root, or one that the operator gave at start.</summary>
    Local,

    /// <summary><c>arweave</c>.</summary>
    Arweave,

    /// <summary><c>huggingface</c>.</summary>
    HuggingFace,

    /// <summary><c>blob</c>: Azure Blob storage.</summary>
    Blob,
}
