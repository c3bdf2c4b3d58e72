using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet;

/// <summary>Collects the properties by which a request names its model and turns them into a reference.</summary>
internal ref struct ModelSelector
{
    private ReadOnlySpan<byte> _modelId;
    private ReadOnlySpan<byte> _modelSource;
    private ReadOnlySpan<byte> _loadArguments;

    /// <summary>Whether the request names the model as generation 2.0 does.</summary>
    public readonly bool HasModelId => _modelId.Length > 0;

    /// <summary>Reads a property when it is one that names a model.</summary>
    /// <returns>False, without having moved the cursor, when it is another one.</returns>
    public bool TryRead(JsonString name, scoped ref JsonCursor cursor)
    {
        if (name.Is("model_id"u8))
            _modelId = ReadOptional(ref cursor, "model_id", JsonKind.String);
        else if (name.Is("model_source"u8))
            _modelSource = ReadOptional(ref cursor, "model_source", JsonKind.Number, JsonKind.String);
        else if (name.Is("load_args"u8))
            _loadArguments = ReadOptional(ref cursor, "load_args", JsonKind.Object);
        else
            return false;
        return true;
    }

    /// <summary>The model; the default one when the request names none.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the properties contradict each other or name no valid model.</exception>
    public readonly ModelReference Select(ModelReferenceCache references)
    {
        if (_modelId.Length > 0)
        {
            return _modelSource.Length == 0 && _loadArguments.Length == 0
                ? references.FromModelId(_modelId)
                : throw new ServingException(ServingError.InvalidArgument, "data names a model twice, by model_id and by model_source with load_args; send one of them");
        }

        if (_modelSource.Length == 0 && _loadArguments.Length == 0)
            return ModelReferenceCache.Default;
        if (_modelSource.Length == 0)
            throw new ServingException(ServingError.InvalidArgument, "load_args came without model_source; expected 0 (local), 1 (arweave) or 2 (huggingface)");
        if (_loadArguments.Length == 0)
            throw new ServingException(ServingError.InvalidArgument, "model_source came without load_args, the object with repo_id and filename");
        return references.FromLoadArguments(_modelSource, _loadArguments);
    }

    private static ReadOnlySpan<byte> ReadOptional(scoped ref JsonCursor cursor, string name, JsonKind expected, JsonKind? alternative = null)
    {
        var kind = cursor.PeekKind();
        if (cursor.TryReadNull())
            return [];
        if (kind != expected && kind != alternative)
            throw new ServingException(ServingError.InvalidArgument, $"{name} is a JSON {kind.ToString().ToLowerInvariant()}; expected a JSON {expected.ToString().ToLowerInvariant()}");
        return cursor.ReadRaw();
    }
}
