namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>The classes of <c>torch.nn</c> that are read without Python.</summary>
internal static class NnMappings
{
    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        .. Containers.All,
        .. Layers.All,
        .. Activations.All,
        .. Convolutions.All,
        .. Normalizations.All,
        .. Poolings.All,
        .. Paddings.All,
        .. Embeddings.All,
        .. Attention.All,
        .. Transformers.All,
        .. KnownModels.All,
    ];
}
