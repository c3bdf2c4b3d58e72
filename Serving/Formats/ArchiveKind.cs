namespace Granary.Serving.Formats;

/// <summary>What a weights file is, as far as its bytes tell without executing anything.</summary>
internal enum ArchiveKind
{
    /// <summary>Saved by <c>torch.jit.save</c>.</summary>
    TorchScript,

    /// <summary>A whole module saved by <c>torch.save(model)</c>; the detail is its class.</summary>
    PickledModule,

    /// <summary>A dictionary of tensors saved by <c>torch.save(model.state_dict())</c>.</summary>
    StateDict,

    /// <summary>Tensors or other Python values saved by <c>torch.save</c>, neither a module nor a dictionary.</summary>
    PickledValue,

    /// <summary>Saved by <c>torch.save</c> before PyTorch 1.6.</summary>
    LegacyTorch,

    /// <summary>A plain Python pickle; the detail is the first class in it.</summary>
    RawPickle,

    /// <summary>A TorchServe model archive.</summary>
    ModelArchive,

    /// <summary>A zip file of something else.</summary>
    OtherZip,

    /// <summary>Starts like a zip file, but its directory is missing or wrong; the detail says how.</summary>
    DamagedZip,

    /// <summary>safetensors: weights without code.</summary>
    Safetensors,

    /// <summary>ONNX.</summary>
    Onnx,

    /// <summary>HDF5, such as an old Keras model.</summary>
    Hdf5,

    /// <summary>GGUF.</summary>
    Gguf,

    /// <summary>gzip, such as a tar ball.</summary>
    Gzip,

    /// <summary>A web page, such as an error or a login page.</summary>
    Html,

    /// <summary>A JSON text, such as an error body or a configuration.</summary>
    Json,

    /// <summary>A git-lfs pointer instead of the file.</summary>
    GitLfsPointer,

    /// <summary>No bytes.</summary>
    Empty,

    /// <summary>Nothing known.</summary>
    Unknown,
}
