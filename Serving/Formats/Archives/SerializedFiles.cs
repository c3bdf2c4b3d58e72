using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>Which file of an archive is loaded, and why some cannot be.</summary>
internal static class SerializedFiles
{
    private static readonly string[] Extensions = [".pt", ".pth", ".torch"];

    /// <summary>The name of the weights.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: it needs Python or is of another kind; <see cref="ServingError.InvalidArgument"/>: it is not there.</exception>
    public static string Find(ModelArchive archive)
    {
        var manifest = archive.Manifest;
        if (manifest.ModelFile is { } code)
        {
            throw Refuse(archive, $"is an eager model: its class is in the Python file {ModelIdText.Quote(code)}, and Python is never run here; "
                + $"export it with torch.jit.script(model).save('model.pt') and pack it again with --serialized-file model.pt and without --model-file");
        }

        if (manifest.SerializedFile is not { } file)
            throw Refuse(archive, "has no serialized file (its Python handler brings the weights itself, and Python is never run here); pack it again with --serialized-file model.pt, a TorchScript file");
        if (!Extensions.Contains(Path.GetExtension(file), StringComparer.Ordinal))
            throw Refuse(archive, $"has the serialized file {ModelIdText.Quote(file)}, {Kind(file)}; this server loads TorchScript from .pt, .pth and .torch: {FormatErrors.Convert}");
        return archive.LengthOf(file) is null
            ? throw new ServingException(ServingError.InvalidArgument, $"the archive '{archive.Source}' has no file {ModelIdText.Quote(file)}, which its manifest names as its serialized file; pack it again with torch-model-archiver")
            : file;
    }

    private static string Kind(string file) => Path.GetExtension(file) switch
    {
        ".onnx" => "an ONNX model",
        ".so" => "a compiled library, and code in archives is never run",
        ".bin" or ".safetensors" => "weights without the model's code",
        ".pt2" => "a torch.export program",
        _ => "of a kind that is not known here",
    };

    private static ServingException Refuse(ModelArchive archive, string why) => new(ServingError.Unsupported, $"the archive '{archive.Source}' {why}");
}
