using System.Diagnostics;
using System.Text.Json;
using Granary.Api.Tests.Support;

namespace Granary.Api.Tests.Infernet.OnChain;

/// <summary>One node process with npm's ethers, asked a line at a time; see <c>tests/node/infernet-abi.js</c>.</summary>
public sealed class EthersCoder : IDisposable
{
    private readonly Process _process;

    public EthersCoder()
    {
        _process = Process.Start(new ProcessStartInfo("node", Path.Combine(RepositoryRoot.Path, "tests", "node", "infernet-abi.js"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }

    /// <summary>Asks for one operation.</summary>
    public JsonElement Ask(object request)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(request));
        _process.StandardInput.Flush();
        var line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("node ended; are the packages of tests/node installed?");
        using var answer = JsonDocument.Parse(line);
        Assert.False(answer.RootElement.TryGetProperty("error", out var error), error.ToString());
        return answer.RootElement.GetProperty("result").Clone();
    }

    /// <summary>Asks for an operation whose result is bytes.</summary>
    public byte[] Encode(object request) => Abi.Bytes(Ask(request).GetString()![2..]);

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
            _process.Kill();
        _process.Dispose();
    }
}
