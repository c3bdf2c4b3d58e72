namespace Granary.Serving.Formats;

/// <summary>For each kind of file that cannot be served: what it is and what to do about it.</summary>
internal static class FormatErrors
{
    /// <summary>The way from Python to a file that every server of TorchScript takes.</summary>
    public const string Convert = "convert it in Python with torch.jit.script(model).save('model.pt') and serve that file";

    public static ServingException Of(SniffedArchive archive, string source) => archive.Kind switch
    {
        ArchiveKind.PickledModule => Unsupported(source, $"is a pickled Python module{Class(archive)} of a class that is not known here, and pickles are never executed; {Convert}"),
        ArchiveKind.StateDict => Unsupported(source, $"holds only weights (a state_dict), not the model's code; build the model in Python, load them into it, then {Convert}"),
        ArchiveKind.PickledValue => Unsupported(source, $"holds {archive.Detail ?? "pickled tensors or Python values"}, not a model; {Convert}"),
        ArchiveKind.LegacyTorch => Unsupported(source, $"was written by torch.save in the format from before PyTorch 1.6 and holds no model that is known here; load it in Python, then {Convert}"),
        ArchiveKind.RawPickle when archive.Detail?.StartsWith("sklearn.", StringComparison.Ordinal) == true =>
            Unsupported(source, $"is a pickled scikit-learn model{Class(archive)}; make a PyTorch model of it with sk2torch.wrap(model), then {Convert}"),
        ArchiveKind.RawPickle => Unsupported(source, $"is a plain Python pickle{Class(archive)}, not a PyTorch model, and pickles are never executed here; if it holds a PyTorch model, {Convert}"),
        ArchiveKind.ModelArchive => Unsupported(source, "holds another TorchServe model archive where its serialized file belongs; serve that archive itself"),
        ArchiveKind.OtherZip => Unsupported(source, "is a zip file, but not one that torch.jit.save wrote: it has no constants.pkl and no code/; check the file name"),
        ArchiveKind.Safetensors => Unsupported(source, $"is a safetensors file: weights without the model's code; build the model in Python, load them into it, then {Convert}"),
        ArchiveKind.Onnx => Unsupported(source, $"is an ONNX model; this server runs TorchScript: {Convert}"),
        ArchiveKind.Hdf5 => Unsupported(source, "is an HDF5 file, such as a Keras model; this server runs TorchScript"),
        ArchiveKind.Gguf => Unsupported(source, "is a GGUF file; this server runs TorchScript"),
        ArchiveKind.Gzip => Unsupported(source, "is a gzip file; a TorchServe archive is read when its name ends in .tar.gz or .tgz, anything else is to be unpacked first"),
        ArchiveKind.DamagedZip => Broken(source, $"is damaged: {archive.Detail}; it was probably cut off on its way: upload it again"),
        ArchiveKind.Html => Broken(source, "is a web page, not a model; the link probably leads to a login or an error page: use the direct link to the file"),
        ArchiveKind.Json => Broken(source, "is a JSON text, not a model; check the file name"),
        ArchiveKind.GitLfsPointer => Broken(source, "is a git-lfs pointer, not the file itself; run 'git lfs pull' where it comes from"),
        ArchiveKind.Empty => Broken(source, "is empty"),
        _ => Unsupported(source, $"is no model that this server knows; it serves TorchScript archives: {Convert}"),
    };

    /// <summary>A file that could be read, where only TorchScript is wanted.</summary>
    public static ServingException NotTorchScript(SniffedArchive archive, string source) =>
        Unsupported(source, $"is a pickled Python module{Class(archive)}, and only TorchScript is accepted for this model (USE_JIT=true, RequireTorchScript); {Convert}");

    private static string Class(SniffedArchive archive) => archive.Detail is null ? string.Empty : $" (class {archive.Detail})";

    private static ServingException Unsupported(string source, string what) => new(ServingError.Unsupported, $"'{source}' {what}");

    private static ServingException Broken(string source, string what) => new(ServingError.SourceFailed, $"'{source}' {what}");
}
