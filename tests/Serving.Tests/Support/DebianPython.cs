using System.Diagnostics;

namespace Granary.Serving.Tests.Support;

/// <summary>Debian's Python, which has torch; ./test installs it.</summary>
internal static class DebianPython
{
    private const string Interpreter = "/usr/bin/python3";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Runs a script to its end.</summary>
    public static void Run(string script, params string[] arguments)
    {
        Assert.True(File.Exists(Interpreter), "this test needs Debian's Python with torch: apt install python3-torch (./test does)");
        using var process = Process.Start(new ProcessStartInfo(Interpreter, [script, .. arguments]) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(Limit), $"{Path.GetFileName(script)} took too long");
        Assert.True(process.ExitCode == 0, $"{Path.GetFileName(script)} failed; apt install python3-torch (./test does): {errors.Result}");
    }
}
