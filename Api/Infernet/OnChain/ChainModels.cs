using System.Text;
using Granary.Serving;
using Granary.Serving.Models;

namespace Granary.Api.Infernet.OnChain;

/// <summary>The models that on-chain requests name, read as strictly as those of JSON; policies and allow-lists come after.</summary>
internal static class ChainModels
{
    /// <summary>Longest part of a model id, in bytes of UTF-8.</summary>
    public const int MaxTextBytes = ModelIdParser.MaxLength * 3;

    /// <summary>Reads the four fields of generation 1.0.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static ModelReference FromFields(byte source, ReadOnlySpan<byte> repository, ReadOnlySpan<byte> file, ReadOnlySpan<byte> version) =>
        ModelReference.AdHoc(ModelIdFactory.FromLoadArguments(
            source.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Encoding.UTF8.GetString(repository),
            Encoding.UTF8.GetString(file),
            Encoding.UTF8.GetString(version),
            path: null));

    /// <summary>
    /// Reads the <c>model_id</c> of generation 2.0: <c>(bytes repo_id, string files)</c> with the repo_id
    /// <c>(uint8 storage, string owner, string name, string version)</c>. Of several files with commas the first is loaded.
    /// </summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static ModelReference FromModelId(AbiReader id)
    {
        var repository = id.Bytes(0, "model_id.repo_id").Open();
        var files = Text(id, 1, "model_id.files");
        var storage = Storage(repository);
        var path = $"{Text(repository, 1, "model_id.owner")}/{Text(repository, 2, "model_id.name")}";
        var version = Text(repository, 3, "model_id.version");
        // A local repository has no versions of its own: they are folders in it.
        if (storage == ModelSourceKind.Local && version.Length > 0)
            (path, version) = ($"{path}/{version}", "");
        var revision = version.Length > 0 ? "/" + version : "";
        var read = ModelIdParser.Parse($"{ModelSourceKinds.Name(storage)}/{path}{revision}:{files}");
        if (read.Repository != path || (read.Version ?? "") != version)
            throw new ServingException(ServingError.InvalidArgument, $"model_id names '{read}' by parts that hold separators");
        return ModelReference.AdHoc(read);
    }

    private static ModelSourceKind Storage(AbiReader repository) => repository.UInt8(0, "model_id.storage") switch
    {
        0 => ModelSourceKind.Local,
        1 => ModelSourceKind.Arweave,
        2 => ModelSourceKind.HuggingFace,
        var other => throw AbiErrors.Invalid("model_id.storage", repository.PositionOf(0), $"{other} is neither 0 (local), 1 (arweave) nor 2 (huggingface)"),
    };

    private static string Text(AbiReader reader, int index, string field) => Encoding.UTF8.GetString(reader.Text(index, field, MaxTextBytes));
}
