using System.IO.Compression;

namespace Granary.Api.Tests.TorchServe;

/// <summary>Makes archives as torch-model-archiver does, around a module that doubles and adds one.</summary>
internal static class ModelArchives
{
    public static string Module => Path.Combine(AppContext.BaseDirectory, "samples", "twice.pt");

    public static void Write(string path, string name, string version = "1.0", string handler = "base_handler", string? serialized = "twice.pt", params (string Name, string Text)[] more)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        archive.CreateEntryFromFile(Module, "twice.pt");
        var file = serialized is null ? "" : $"\"serializedFile\": \"{serialized}\", ";
        Add(archive, "MAR-INF/MANIFEST.json", $$"""{"createdOn": "21/11/2026 10:00:00", "runtime": "python", "model": {"modelName": "{{name}}", {{file}}"handler": "{{handler}}", "modelVersion": "{{version}}"{{(more.Any(static one => one.Name == "model-config.yaml") ? ", \"configFile\": \"model-config.yaml\"" : "")}}}, "archiverVersion": "0.12.0"}""");
        foreach (var (entry, text) in more)
            Add(archive, entry, text);
    }

    private static void Add(ZipArchive archive, string name, string text)
    {
        using var writer = new StreamWriter(archive.CreateEntry(name).Open());
        writer.Write(text);
    }
}
