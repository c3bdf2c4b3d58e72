using Granary.Serving.Formats;
using Granary.Serving.Formats.Pickles;
using Granary.Torch;

namespace Granary.Serving.Tests.Formats.Sklearn;

/// <summary>The way of a pickled model from the file to libtorch.</summary>
internal static class SklearnFile
{
    public static ScriptModule Load(string path)
    {
        using var model = Open(path);
        return ScriptModule.Build(new ModuleMapper().Map(model.Root), new ModuleOptions());
    }

    public static PickledModel Open(string path)
    {
        var kind = ArchiveSniffer.Sniff(path).Kind;
        Assert.Equal(ArchiveKind.PickledModule, kind);
        return PickledModelReader.Read(path, kind, Path.GetFileName(path));
    }
}
