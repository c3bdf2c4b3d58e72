namespace Granary.Serving.Formats.Pickles;

/// <summary>Reads a whole pickled module from a file, without Python and without running anything in it.</summary>
internal static class PickledModelReader
{
    /// <summary>The model with its tensors in memory. Blocks; seconds for gigabytes.</summary>
    /// <param name="path">A file that the sniffer calls <see cref="ArchiveKind.PickledModule"/> or <see cref="ArchiveKind.LegacyTorch"/>.</param>
    /// <param name="kind">Which of the two.</param>
    /// <param name="source">What messages call the file.</param>
    /// <exception cref="ServingException">
    /// <see cref="ServingError.SourceFailed"/>: damaged; <see cref="ServingError.Unsupported"/>: no module, or one that is not known here.
    /// </exception>
    /// <exception cref="Granary.Torch.TorchException">There is not enough memory, or no libtorch.</exception>
    public static PickledModel Read(string path, ArchiveKind kind, string source)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            IPickledFile file = kind == ArchiveKind.LegacyTorch ? LegacyPickle.Read(stream) : ZipPickle.Read(stream);
            if (file.Root is PickledObject root)
                return Read(stream, file, root);
            throw FormatErrors.Of(new SniffedArchive(file.Root is PickledDict dict && IsWeights(dict) ? ArchiveKind.StateDict : ArchiveKind.PickledValue, PickleFill.NameOf(file.Root)), source);
        }
        catch (PickleException refused)
        {
            throw new ServingException(refused.Error, $"'{source}' {refused.Message}", refused);
        }
    }

    private static PickledModel Read(Stream stream, IPickledFile file, PickledObject root)
    {
        var tensors = new TensorReader(stream, file);
        try
        {
            var module = new ModuleTree(tensors, file.Budget, ModuleMappings.All.ContainsKey).Convert(root, string.Empty);
            return new PickledModel(new ModuleMapper().Map(module), tensors.Memory);
        }
        catch
        {
            tensors.Dispose();
            throw;
        }
    }

    /// <summary>A state_dict: nothing but tensors, or values beside tensors.</summary>
    private static bool IsWeights(PickledDict dict) => dict.Values.Any(value => value is PickledTensor);
}
