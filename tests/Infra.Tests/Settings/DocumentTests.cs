using System.Text.RegularExpressions;
using Granary.Infra.Tests.Bicep;

namespace Granary.Infra.Tests.Settings;

/// <summary>What the documents tell people to type must exist.</summary>
public sealed partial class DocumentTests
{
    public static TheoryData<string> Documents => ["docs/cluster.md", "docs/deploy.md", "infra/infernet/README.md"];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Settings_InEveryDocument_AreRead(string path)
    {
        var text = Repository.Read(path);
        var variables = Variable().Matches(text).Select(static match => match.Value)
            .Concat(Flag().Matches(text).Select(static match => match.Groups[1].Value.Replace(":", "__", StringComparison.Ordinal)))
            .Distinct().ToList();

        Assert.NotEmpty(variables);
        Assert.Empty(variables.Select(OptionCatalog.Product.Fault).OfType<string>());
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Files_InEveryDocument_AreThere(string path)
    {
        var files = RepositoryPath().Matches(Repository.Read(path)).Select(static match => match.Value.TrimEnd('.', '/')).Distinct().ToList();

        Assert.NotEmpty(files);
        Assert.All(files, static file => Assert.True(Path.Exists(Repository.Full(file)), $"{file} is not in the repository"));
    }

    [Fact]
    public void Commands_OfTheCluster_StartThreeProcessesWithPortsOfTheirOwn()
    {
        var part = Repository.Read("docs/cluster.md").Split("## Three commands")[1].Split("## With PostgreSQL")[0];
        var commands = Command().Matches(part).Select(static match => match.Groups[1].Value).Where(static command => command.Contains("dotnet ", StringComparison.Ordinal)).ToList();

        Assert.Equal(["Silo", "Silo", "Api"], commands.Select(static command => Program().Match(command).Groups[1].Value));
        var ports = commands.SelectMany(static command => Port().Matches(command)).Select(static match => match.Groups[1].Value).ToList();
        Assert.Equal(6, ports.Count);
        Assert.Equal(ports.Count, ports.Distinct().Count());
        // A client has no grain storage, and Orleans refuses to start it with one.
        Assert.DoesNotContain("GrainStorage", commands[2], StringComparison.Ordinal);
        Assert.DoesNotContain("Endpoints", commands[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_OfTheDeployment_AreThoseOfTheTemplate()
    {
        var names = BicepSources.Main.Parameters.Select(static parameter => parameter.Name).ToHashSet(StringComparer.Ordinal);
        var text = Repository.Read("docs/deploy.md");

        Assert.All(
            ["apiAccess", "cpuSilos", "gpuProfile", "gpuSiloImage", "gpuSilos", "gpuSiloCpu", "gpuSiloMemory", "clusterId", "serviceId", "weightsContainer", "allowedAddressRanges"],
            (string name) =>
            {
                Assert.Contains($"`{name}", text, StringComparison.Ordinal);
                Assert.Contains(name, names);
            });
        var wanted = BicepSources.ParameterFiles.SelectMany(static file => file.Parameters).Select(static parameter => parameter.Value).OfType<BicepCall>()
            .Where(static call => call.Arguments.Count == 1).Select(static call => ((BicepText)call.Arguments[0]).Format).Distinct();
        Assert.All(wanted.Where(static name => name != "GRANARY_BEARER"), name => Assert.Contains(name + "=", text, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\b(?:Orleans|Granary|Cluster)(?:__\w+?)+\b")]
    private static partial Regex Variable();

    [GeneratedRegex(@"(?:--|`)((?:Orleans|Granary|Cluster)(?::\w+)+)(?==|`)")]
    private static partial Regex Flag();

    [GeneratedRegex(@"(?<![\w/$.])(?:infra|build|samples|docs|Api|Silo)/(?!bin/)[\w./-]+")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Command();

    [GeneratedRegex(@"dotnet (\w+)/bin/Release/net10\.0/Granary\.\1\.dll")]
    private static partial Regex Program();

    [GeneratedRegex(@"(?:SiloPort=|GatewayPort=|HealthBind=127\.0\.0\.1:)(\d+)")]
    private static partial Regex Port();
}
