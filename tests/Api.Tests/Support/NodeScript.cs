using System.Diagnostics;

namespace Granary.Api.Tests.Support;

/// <summary>Runs JavaScript with the packages of tests/node.</summary>
internal static class NodeScript
{
    public static string Root { get; } = FindRoot();

    /// <summary>What a module printed; its arguments start at <c>process.argv[2]</c>.</summary>
    public static async Task<string> RunAsync(string source, params string[] arguments)
    {
        var (code, output, errors) = await TryRunAsync(source, arguments);
        Assert.True(code == 0, errors);
        return output.TrimEnd();
    }

    public static async Task<(int Code, string Output, string Errors)> TryRunAsync(string source, params string[] arguments)
    {
        // Modules are looked for from where the script is, so it stands among the packages.
        var folder = Directory.CreateDirectory(Path.Combine(Root, "tests", "node", "node_modules", ".granary"));
        var file = Path.Combine(folder.FullName, $"{Guid.NewGuid():N}.mjs");
        await File.WriteAllTextAsync(file, source);
        try
        {
            var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in (string[])[file, .. arguments])
                start.ArgumentList.Add(argument);
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, output, await errors);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The code block of a page that begins with a comment naming <paramref name="file"/>, as a reader would copy it.</summary>
    public static string FromPage(string page, string file)
    {
        var text = File.ReadAllText(Path.Combine(Root, page));
        var start = text.IndexOf($"```js\n// {file}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"{page} has no {file}");
        start += "```js\n".Length;
        return text[start..text.IndexOf("```\n", start, StringComparison.Ordinal)];
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Orleans.sln")))
            folder = folder.Parent;
        return folder.FullName;
    }
}
