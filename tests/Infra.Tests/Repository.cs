using System.Runtime.CompilerServices;

namespace Granary.Infra.Tests;

/// <summary>The source tree, read as text.</summary>
internal static class Repository
{
    private static readonly string[] Ignored = ["obj", "bin", "artifacts", "node_modules", ".git"];

    public static string Root { get; } = FindRoot();

    public static string Full(string path) => Path.Combine(Root, path);

    public static string Read(string path) => File.ReadAllText(Full(path));

    /// <summary>Files that people wrote below a folder, relative to the root, with forward slashes.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) => !Directory.Exists(Full(folder))
        ? []
        : Directory.EnumerateFiles(Full(folder), pattern, SearchOption.AllDirectories)
            .Select(static file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(static file => !file.Split('/').Any(static part => Ignored.Contains(part)))
            .Order(StringComparer.Ordinal);

    private static string FindRoot([CallerFilePath] string here = "")
    {
        var directory = new DirectoryInfo(Path.GetDirectoryName(here)!);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Orleans.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException($"no Orleans.sln above {here}");
    }
}
