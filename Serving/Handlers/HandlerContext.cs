using Granary.Serving.Activations;
using Granary.Serving.Embeddings;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Handlers;

/// <summary>What a handler is made for.</summary>
/// <param name="definition">Of the model.</param>
/// <param name="model">The model in memory; null while a definition is only checked.</param>
/// <param name="embeddings">Tables of embeddings; null where there are none.</param>
internal sealed class HandlerContext(ModelDefinition definition, ILoadedModel? model, IEmbeddings? embeddings = null)
{
    private IReadOnlyDictionary<string, byte[]>? _files;

    /// <summary>Of the model.</summary>
    public ModelDefinition Definition { get; } = definition;

    /// <summary>Tables of embeddings; null where there are none.</summary>
    public IEmbeddings? Embeddings { get; } = embeddings;

    /// <summary>Whether the model is in memory, and its files with it.</summary>
    public bool IsLoaded => model is not null;

    /// <summary>The signature of <c>forward</c>; null when it is not known yet.</summary>
    public MethodSchema? Forward { get; } = model?.Methods.FirstOrDefault(static method => method.Name == "forward");

    /// <summary>A file beside the weights.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>: it was not there.</exception>
    public byte[] File(string name)
    {
        _files ??= model!.TakeFiles();
        return _files.TryGetValue(name, out var bytes)
            ? bytes
            : throw new ServingException(ServingError.NotFound, $"model '{Definition.Key}' has no file {ModelIdText.Quote(name)} beside its weights");
    }
}
