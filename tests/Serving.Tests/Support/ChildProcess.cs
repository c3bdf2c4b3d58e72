using System.Diagnostics;

namespace Granary.Serving.Tests.Support;

/// <summary>This test assembly, started again as a process of its own that can be killed.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    public ChildProcess(params string[] arguments)
        : this(null, arguments)
    {
    }

    public ChildProcess(Action<ProcessStartInfo>? prepare, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        if (!Path.GetFileName(start.FileName).StartsWith("dotnet", StringComparison.Ordinal))
            start.FileName = "dotnet";
        prepare?.Invoke(start);
        _process = Process.Start(start)!;
    }

    /// <summary>The next line it printed; null when it ended.</summary>
    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync();

    /// <summary>SIGKILL; returns the lines that it printed before it died.</summary>
    public async Task<IReadOnlyList<string>> KillAsync()
    {
        _process.Kill();
        var rest = await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        // A line without its end was cut by the kill.
        var complete = rest[..(rest.LastIndexOf('\n') + 1)];
        return complete.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
