using Granary.Serving.Formats;
using Granary.Serving.Formats.Pickles;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Sklearn;

/// <summary>The way of a pickled model from the file to libtorch.</summary>
internal static class SklearnFile
{
    public static ScriptModule Load(string path)
    {
        var kind = ArchiveSniffer.Sniff(path).Kind;
        Assert.Equal(ArchiveKind.PickledModule, kind);
        using var model = PickledModelReader.Read(path, kind, Path.GetFileName(path));
        return ScriptModule.Build(model.Blueprint, new ModuleOptions());
    }

    /// <summary>Reads the modules of a file and hands them over before they are mapped.</summary>
    public static void Open(string path, Action<PickledModule> use)
    {
        using var stream = File.OpenRead(path);
        var file = ZipPickle.Read(stream);
        using var tensors = new TensorReader(stream, file);
        use(new ModuleTree(tensors, file.Budget, ModuleMappings.All.ContainsKey).Convert((PickledObject)file.Root!, string.Empty));
    }
}
