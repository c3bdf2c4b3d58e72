using System.Runtime.CompilerServices;

namespace Granary.Architecture.Tests;

/// <summary>The source tree, read as text.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every C# file that people wrote, as paths relative to the root with forward slashes.</summary>
    public static IReadOnlyList<string> SourceFiles { get; } = Directory
        .EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
        .Where(file => !file.Split('/').Any(part => part is "obj" or "bin" or "artifacts" or "node_modules" or ".git"))
        .Order(StringComparer.Ordinal)
        .ToList();

    /// <summary>Top-level project folders that ship; tests and bench are free.</summary>
    public static IEnumerable<string> ProductFiles => SourceFiles.Where(file =>
        !file.StartsWith("tests/", StringComparison.Ordinal) && !file.StartsWith("bench/", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    private static string FindRoot([CallerFilePath] string here = "")
    {
        var directory = new DirectoryInfo(Path.GetDirectoryName(here)!);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Orleans.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException($"no Orleans.sln above {here}");
    }
}
