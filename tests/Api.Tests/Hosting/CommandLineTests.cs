using Granary.Api.Hosting;

namespace Granary.Api.Tests.Hosting;

public class CommandLineTests
{
    [Theory]
    [InlineData("--bind=0.0.0.0:3000", "--workers=2")]
    [InlineData("--bind", "0.0.0.0:3000", "--workers", "2")]
    [InlineData("-b", "0.0.0.0:3000", "-w", "2")]
    [InlineData("-b=0.0.0.0:3000", "-w=2")]
    public void Parse_HypercornArguments_SetsBindAndWorkers(params string[] arguments)
    {
        var line = CommandLine.Parse(arguments);

        Assert.Empty(line.Errors);
        Assert.Equal("0.0.0.0:3000", line.Configuration["Granary:Server:Bind:0"]);
        Assert.Equal("2", line.Configuration["Granary:Server:Workers"]);
    }

    [Fact]
    public void Parse_RepeatedFlags_KeepTheirOrder()
    {
        var line = CommandLine.Parse(["--bind=127.0.0.1:1", "--local-root", "/models", "-b", "[::1]:2", "--local-root=/more"]);

        Assert.Empty(line.Errors);
        Assert.Equal("127.0.0.1:1", line.Configuration["Granary:Server:Bind:0"]);
        Assert.Equal("[::1]:2", line.Configuration["Granary:Server:Bind:1"]);
        Assert.Equal("/models", line.Configuration["Granary:LocalSource:Roots:0"]);
        Assert.Equal("/more", line.Configuration["Granary:LocalSource:Roots:1"]);
    }

    [Fact]
    public void Parse_Owners_AreListedBySource()
    {
        var line = CommandLine.Parse(["--allow-owner=huggingface/Ritual-Net", "--allow-owner=arweave/abc", "--allow-owner=huggingface/a/b", "--allow-source=huggingface"]);

        Assert.Empty(line.Errors);
        Assert.Equal("Ritual-Net", line.Configuration["Granary:SourcePolicy:AllowedOwners:huggingface:0"]);
        Assert.Equal("a/b", line.Configuration["Granary:SourcePolicy:AllowedOwners:huggingface:1"]);
        Assert.Equal("abc", line.Configuration["Granary:SourcePolicy:AllowedOwners:arweave:0"]);
        Assert.Equal("huggingface", line.Configuration["Granary:SourcePolicy:AllowedSources:0"]);
    }

    [Fact]
    public void Parse_ConfigurationKey_PassesThrough()
    {
        var line = CommandLine.Parse(["--Granary:Server:MaxConnections=7", "--Logging:LogLevel:Default", "Debug"]);

        Assert.Empty(line.Errors);
        Assert.Equal("7", line.Configuration["Granary:Server:MaxConnections"]);
        Assert.Equal("Debug", line.Configuration["Logging:LogLevel:Default"]);
    }

    [Fact]
    public void Parse_SeveralMistakes_ReportsAll()
    {
        var line = CommandLine.Parse(["--bnd=x", "--workers=two", "--bind=unix:/x", "--cache-dir", "--max-body-bytes=0", "serve", "--allow-owner=owner"]);

        Assert.Collection(
            line.Errors,
            error => Assert.Contains("unknown option '--bnd=x'; known are --bind, ", error),
            error => Assert.Contains("--workers: 'two'", error),
            error => Assert.Contains("--bind: 'unix:/x'", error),
            error => Assert.Equal("--cache-dir needs a value: --cache-dir=DIR", error),
            error => Assert.Contains("--max-body-bytes: '0'", error),
            error => Assert.Contains("unknown option 'serve'", error),
            error => Assert.Contains("--allow-owner: 'owner'", error));
    }

    [Fact]
    public void Parse_FlagsOfTriton_SetTheRepositorys()
    {
        var line = CommandLine.Parse([
            "--model-store=/mnt/models", "--model-repository", "/more", "--model-control-mode=explicit", "--load-model=a", "--load-model=b",
            "--repository-poll-secs=90", "--strict-readiness=0", "--exit-on-error=False", "--model-load-thread-count=8",
            "--model-config-name=h100", "--disable-auto-complete-config=on"]);

        Assert.Empty(line.Errors);
        Assert.Equal(
            ["ConfigName=h100", "ControlMode=explicit", "ExitOnError=false", "LoadModels:0=a", "LoadModels:1=b", "LoadThreads=8", "Paths:0=/mnt/models",
                "Paths:1=/more", "PollInterval=00:01:30", "RequireConfig=true", "StrictReadiness=false"],
            line.Configuration.Select(pair => $"{pair.Key["Granary:ModelRepository:".Length..]}={pair.Value}").Order(StringComparer.Ordinal));
        Assert.Equal(
            [
                "--model-control-mode: 'auto' is no mode; expected none, poll or explicit",
                "--repository-poll-secs: '0' is no whole number above zero",
                "--strict-readiness: 'maybe' is no truth value; expected true or false",
            ],
            CommandLine.Parse(["--model-control-mode=auto", "--repository-poll-secs=0", "--strict-readiness=maybe"]).Errors);
    }

    [Theory]
    [InlineData("--cache-config=local,size=1048576", "1048576")]
    [InlineData("--response-cache-byte-size=2048", "2048")]
    [InlineData("--response-cache-byte-size=0", "0")]
    public void Parse_ResponseCache_SetsItsBytes(string flag, string bytes) =>
        Assert.Equal(bytes, CommandLine.Parse([flag]).Configuration["Granary:ResponseCache:MaxBytes"]);

    [Theory]
    [InlineData("--cache-config=redis,host=h", "--cache-config: 'redis,host=h' is no cache; expected local,size=BYTES")]
    [InlineData("--cache-config=local,size=big", "--cache-config: 'local,size=big' is no cache; expected local,size=BYTES")]
    [InlineData("--response-cache-byte-size=-1", "--response-cache-byte-size: '-1' is no number of bytes")]
    public void Parse_ResponseCacheThatIsNot_IsAnError(string flag, string error) => Assert.Equal([error], CommandLine.Parse([flag]).Errors);

    [Fact]
    public void Parse_RestrictedApis_SetOneEntryEach()
    {
        var line = CommandLine.Parse(["--http-restricted-api=inference,health:a=b", "--http-restricted-api=trace:c=d", "--grpc-restricted-protocol=trace:e=f"]);

        Assert.Empty(line.Errors);
        Assert.Equal("inference,health:a=b", line.Configuration["Granary:Restrictions:HttpApis:0"]);
        Assert.Equal("trace:c=d", line.Configuration["Granary:Restrictions:HttpApis:1"]);
        Assert.Equal("trace:e=f", line.Configuration["Granary:Restrictions:GrpcProtocols:0"]);
    }

    [Fact]
    public void Parse_ResponseCacheInBothForms_IsAnError() =>
        Assert.Equal(["--response-cache-byte-size is given more than once"], CommandLine.Parse(["--cache-config=local,size=1", "--response-cache-byte-size=1"]).Errors);

    [Theory]
    [InlineData("--host", "0.0.0.0", "--port", "8888", "--threads", "8", "--model-capacity", "5", "--buffer-size", "2", "--use-gpu")]
    [InlineData("--host=0.0.0.0", "-p", "8888", "-t", "8", "-c", "5", "--buffer-size=2", "--use-gpu=true")]
    public void Parse_FlagsOfTorchServing_SetAddressCacheAndDevice(params string[] arguments)
    {
        var line = CommandLine.Parse(arguments);

        Assert.Empty(line.Errors);
        Assert.Equal("0.0.0.0", line.Configuration["Granary:Server:Host"]);
        Assert.Equal("8888", line.Configuration["Granary:Server:Port"]);
        Assert.Equal("8", line.Configuration["Granary:Server:Threads"]);
        Assert.Equal("5", line.Configuration["Granary:Servables:Capacity"]);
        Assert.Equal("2", line.Configuration["Granary:Servables:Buffer"]);
        Assert.Equal("cuda:0", line.Configuration["Granary:AdHocModels:Device"]);
    }

    [Fact]
    public void Parse_SwitchBeforeAnotherFlag_TakesNoValue()
    {
        var line = CommandLine.Parse(["--use-gpu", "--port=1"]);

        Assert.Empty(line.Errors);
        Assert.Equal("1", line.Configuration["Granary:Server:Port"]);
        Assert.Equal("cpu", CommandLine.Parse(["--use-gpu=false"]).Configuration["Granary:AdHocModels:Device"]);
    }

    [Fact]
    public void Parse_FlagGivenTwice_IsAnError()
    {
        Assert.Equal(["--workers is given more than once"], CommandLine.Parse(["--workers=1", "--workers=2"]).Errors);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public void Parse_Help_IsWanted(string flag) => Assert.True(CommandLine.Parse([flag]).HelpWanted);

    [Fact]
    public void Help_EveryOption_IsExplained()
    {
        var help = CommandLineOptions.Help();
        foreach (var option in CommandLineOptions.All)
            Assert.Contains($"{option.Name}{(option.Short is null ? "" : ", " + option.Short)} {option.Value}", help);
    }

    [Fact]
    public void Read_CommandLineAndEnvironment_KeepTheirMistakesApartAndTogether()
    {
        var startup = StartupOptions.Read(["--nope=1"], new Dictionary<string, string?> { ["USE_JIT"] = "perhaps" });

        Assert.Equal(2, startup.Errors.Count);
        Assert.Contains("--nope", startup.Errors[0]);
        Assert.Contains("USE_JIT", startup.Errors[1]);
    }
}
