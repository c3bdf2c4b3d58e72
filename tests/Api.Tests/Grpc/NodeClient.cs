using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Granary.Api.Tests.Grpc;

/// <summary>Runs a script of <c>tests/node</c>, where the packages are that it needs.</summary>
internal static class NodeClient
{
    public static string Repository { get; } = FindRoot();

    /// <summary>Runs it to its end; returns what it printed.</summary>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(Repository, "tests", "node", script));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(true);
            Assert.Fail($"{script} did not end: {await output}{await errors}");
        }

        Assert.True(process.ExitCode == 0, $"{script} ended with {process.ExitCode}: {await output}{await errors}");
        return await output;
    }

    private static string FindRoot([CallerFilePath] string here = "")
    {
        var directory = new DirectoryInfo(Path.GetDirectoryName(here)!);
        while (!File.Exists(Path.Combine(directory.FullName, "Orleans.sln")))
            directory = directory.Parent!;
        return directory.FullName;
    }
}
