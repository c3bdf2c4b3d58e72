using System.Text.RegularExpressions;

namespace Granary.Architecture.Tests;

/// <summary>The arrows of the design: Torch ← Serving ← {Hosting ← Api, Grains.Interfaces ← Grains ← Silo}; Hosting ← Silo.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Torch"] = [],
        ["Serving"] = ["Torch"],
        ["Grains.Interfaces"] = ["Serving"],
        ["Grains"] = ["Grains.Interfaces", "Serving"],
        ["Hosting"] = ["Serving"],
        ["Silo"] = ["Grains", "Grains.Interfaces", "Hosting", "Serving"],
        ["Api"] = ["Serving", "Grains.Interfaces", "Hosting"],
    };

    private static readonly string[] Hosts = ["Api/", "Silo/", "Hosting/"];

    public static TheoryData<string> Projects => new(Allowed.Keys.Where(name => File.Exists(ProjectFile(name))));

    [Theory]
    [MemberData(nameof(Projects))]
    public void ProjectReferences_OfEveryProject_FollowTheArrows(string project)
    {
        var references = Regex.Matches(File.ReadAllText(ProjectFile(project)), "ProjectReference Include=\"[^\"]*?([^/\"]+)\\.csproj\"")
            .Select(match => match.Groups[1].Value);

        Assert.Empty(references.Except(Allowed[project]));
    }

    [Fact]
    public void NativeImports_OutsideTorch_AreAbsent() =>
        Assert.Empty(Offenders(Repository.ProductFiles.Where(file => !file.StartsWith("Torch/", StringComparison.Ordinal)), @"\b(DllImport|LibraryImport)\b"));

    [Fact]
    public void AspNetCore_OutsideTheHosts_IsNotNamed() =>
        Assert.Empty(Offenders(
            Repository.ProductFiles.Where(file => !Hosts.Any(host => file.StartsWith(host, StringComparison.Ordinal))),
            @"\bMicrosoft\.AspNetCore\b"));

    [Fact]
    public void Orleans_OutsideGrainsAndSilo_IsNamedInOneFileOfApi()
    {
        var outside = Repository.ProductFiles.Where(file =>
            !file.StartsWith("Grains", StringComparison.Ordinal) && !file.StartsWith("Silo/", StringComparison.Ordinal));
        var offenders = Offenders(outside, @"^\s*(global\s+)?using\s+(static\s+)?Orleans\b|\bOrleans\.[A-Z]\w*\b.*;|\bIGrainFactory\b|\bIClusterClient\b");

        Assert.All(offenders, file => Assert.StartsWith("Api/", file, StringComparison.Ordinal));
        Assert.True(offenders.Count <= 1, string.Join(", ", offenders));
    }

    [Fact]
    public void ProtocolFolders_OfApi_DoNotImportEachOther()
    {
        string[] protocols = ["Infernet", "OpenInference", "TorchServe", "TorchServing", "Persia", "Admin", "Grpc", "Telemetry"];
        var offenders = new List<string>();
        foreach (var file in Repository.ProductFiles)
        {
            var folder = protocols.FirstOrDefault(name => file.StartsWith($"Api/{name}/", StringComparison.Ordinal));
            if (folder is null)
                continue;
            // gRPC services of a protocol are framed by Api/Grpc, which is transport rather than a protocol of its own.
            var others = string.Join('|', protocols.Where(name => name != folder && name is not ("Grpc" or "Telemetry")));
            if (Regex.IsMatch(Repository.Read(file), $@"using\s+Granary\.Api\.({others})\b"))
                offenders.Add(file);
        }

        Assert.Empty(offenders);
    }

    private static string ProjectFile(string name) => Path.Combine(Repository.Root, name, name + ".csproj");

    private static List<string> Offenders(IEnumerable<string> files, string pattern) =>
        files.Where(file => Regex.IsMatch(Repository.Read(file), pattern, RegexOptions.Multiline)).ToList();
}
