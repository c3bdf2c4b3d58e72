using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Granary.Api.Tests.EndToEnd;

/// <summary>The program as an operator starts it: exit codes and what it says on the way out.</summary>
public class StartTests
{
    [Fact]
    public async Task Start_MistakesInFlagsAndVariables_ExitsWithTwoAndNamesAll()
    {
        var (code, errors, _) = await RunAsync([("USE_JIT", "perhaps"), ("MODEL_SOURCE", "9")], "--nope", "--bind=unix:/x");

        Assert.Equal(2, code);
        foreach (var part in new[] { "--nope", "known are --bind", "unix:/x", "USE_JIT", "MODEL_SOURCE: model source '9'", "without LOAD_ARGS" })
            Assert.Contains(part, errors);
    }

    [Fact]
    public async Task Start_MistakesInSeveralOptions_ExitsWithTwoAndNamesAll()
    {
        var (code, errors, output) = await RunAsync([], "--bind=127.0.0.1:0", "--Granary:Server:MaxConnections=0", "--Granary:ModelMemory:MaxResidentModels=-1", "--Granary:Activations:WarmUpCalls=0");

        Assert.True(code == 2, output + errors);
        foreach (var part in new[] { "MaxConnections is 0", "MaxResidentModels", "WarmUpCalls" })
            Assert.Contains(part, errors);
        Assert.DoesNotContain("   at ", errors + output);
    }

    [Fact]
    public async Task Start_PortInUse_ExitsWithOneLine()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var folder = Directory.CreateTempSubdirectory("granary-api-");
        var (code, errors, output) = await RunAsync([], $"--bind={other.LocalEndpoint}", $"--data-dir={folder}/catalog", $"--cache-dir={folder}/weights");
        folder.Delete(true);

        Assert.True(code == 1, output + errors);
        Assert.Contains("address already in use", errors);
        Assert.DoesNotContain("   at ", errors + output);
    }

    [Fact]
    public async Task Start_AddressOfAnotherMachine_ExitsWithOneLine()
    {
        var folder = Directory.CreateTempSubdirectory("granary-api-");
        // 203.0.113.0/24 is for documentation: no machine has it.
        var (code, errors, output) = await RunAsync([], "--bind=203.0.113.1:3000", $"--data-dir={folder}/catalog", $"--cache-dir={folder}/weights");
        folder.Delete(true);

        Assert.True(code == 1, output + errors);
        Assert.Contains("granary: cannot listen on an address of --bind", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors + output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_RepositoryWithAModelThatCannotBeLoaded_ExitsWithOneAndSaysWhy()
    {
        var folder = Directory.CreateTempSubdirectory("granary-api-");
        var model = Directory.CreateDirectory(Path.Combine(folder.FullName, "repo", "odd", "1"));
        await File.WriteAllTextAsync(Path.Combine(model.FullName, "model.pt"), "no model at all");
        var (code, errors, output) = await RunAsync([], $"--model-repository={folder}/repo", "--bind=127.0.0.1:0", $"--data-dir={folder}/catalog", $"--cache-dir={folder}/weights");
        folder.Delete(true);

        Assert.True(code == 1, output + errors);
        Assert.Contains("failed to load 'odd', version 1: 'odd/1/model.pt'", output.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_Help_PrintsTheTableAndExitsWithZero()
    {
        var (code, _, output) = await RunAsync([], "--help", "--nope");

        Assert.Equal(0, code);
        Assert.Contains("--local-root DIR", output);
    }

    private static async Task<(int Code, string Errors, string Output)> RunAsync((string Name, string Value)[] variables, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet")
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var argument in (string[])["exec", Path.Combine(AppContext.BaseDirectory, "Granary.Api.dll"), .. arguments])
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(true);
            throw;
        }

        return (process.ExitCode, await errors, await output);
    }
}
