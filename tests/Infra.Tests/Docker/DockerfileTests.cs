using System.IO.Enumeration;
using Granary.Infra.Tests.Settings;

namespace Granary.Infra.Tests.Docker;

public sealed class DockerfileTests
{
    private static readonly Dockerfile File = Dockerfile.Current;

    public static TheoryData<string, string> Targets => new() { { "api", "Api" }, { "silo", "Silo" } };

    [Fact]
    public void Copies_FromTheContext_NameFilesThatAreThereAndNotIgnored()
    {
        var ignore = Repository.Read("infra/docker/Dockerfile.dockerignore").Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => line[0] != '#').ToList();
        Assert.Equal("*", ignore[0]);
        var kept = ignore.Where(static line => line[0] == '!').Select(static line => line[1..]).ToList();

        Assert.All(File.ContextSources, source =>
        {
            Assert.True(Exists(source), $"{source} is not in the repository");
            var path = source.TrimEnd('/');
            Assert.True(kept.Any(entry => path == entry || path.StartsWith(entry + "/", StringComparison.Ordinal)), $"{source} is ignored");
        });
        Assert.All(kept, static entry => Assert.True(Path.Exists(Repository.Full(entry)), $"{entry} is not in the repository"));
        Assert.Contains("**/bin", ignore);
        Assert.Contains("**/obj", ignore);
    }

    [Fact]
    public void Copies_FromStages_NameEarlierOnes()
    {
        var earlier = new HashSet<string>(StringComparer.Ordinal);
        foreach (var instruction in File.Instructions)
        {
            if (instruction.Name == "FROM")
                earlier.Add(instruction.Stage);
            else if (instruction.Name == "COPY" && instruction.Text.Split(' ').FirstOrDefault(static word => word.StartsWith("--from=", StringComparison.Ordinal)) is { } from)
                Assert.Contains(from["--from=".Length..], earlier);
        }

        Assert.True(earlier.Count > 5);
        Assert.Equal("api", File.Stages[^1].Name);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void RestoreLayer_HasTheProjectFilesOfWhatIsPublished(string target, string project)
    {
        var closure = ProjectGraph.Closure($"{project}/{project}.csproj");
        var copies = File.Of("restore").Where(static instruction => instruction.Name == "COPY").SelectMany(static copy => Dockerfile.Arguments(copy)[..^1]).ToList();

        Assert.Empty(closure.Except(copies));
        Assert.Contains("Directory.Packages.props", copies);
        Assert.Contains("Directory.Build.props", copies);
        // The layer would change with every edit if it had sources too.
        Assert.All(copies, static source => Assert.True(source.EndsWith(".csproj", StringComparison.Ordinal) || source.EndsWith(".props", StringComparison.Ordinal)));
        var folders = File.Of($"publish-{target}").Where(static instruction => instruction.Name == "COPY").SelectMany(static copy => Dockerfile.Arguments(copy)[..^1]);
        Assert.Empty(closure.Select(static file => Path.GetDirectoryName(file) + "/").Except(folders));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Targets_Both_RunTheirProgramWithoutRoot(string target, string project)
    {
        var instructions = File.Of(target).ToList();

        Assert.Equal("1654:1654", instructions.Last(static instruction => instruction.Name == "USER").Text);
        Assert.Equal($"[\"dotnet\", \"/app/Granary.{project}.dll\"]", instructions.Last(static instruction => instruction.Name == "ENTRYPOINT").Text);
        // The arguments of an Infernet node follow the entry point as they are.
        Assert.DoesNotContain(instructions, static instruction => instruction.Name == "CMD");
        Assert.Contains(instructions, static instruction => instruction is { Name: "COPY" } && instruction.Text.StartsWith("--from=native /native/ /app/", StringComparison.Ordinal));
        Assert.Contains(instructions, static instruction => instruction is { Name: "ENV" } && instruction.Text.Contains("OMP_NUM_THREADS=1", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Variables_OfTheImages_AreRead(string target, string project)
    {
        Assert.NotEmpty(project);
        Assert.Empty(File.Variables(target).Select(OptionCatalog.Product.Fault).OfType<string>());
    }

    [Fact]
    public void Ports_Exposed_AreThoseOfTheCode()
    {
        Assert.Equal([$"{ProjectGraph.ApiPort}"], Exposed("api"));
        Assert.Equal([$"{KnownSettings.SiloPort}", $"{KnownSettings.GatewayPort}", "8080"], Exposed("silo"));
        Assert.Contains($"[\"granary-health\", \"{ProjectGraph.ApiPort}\", \"/health/live\"]", Check("api"), StringComparison.Ordinal);
        Assert.Contains("[\"granary-health\", \"8080\", \"/health/live\"]", Check("silo"), StringComparison.Ordinal);
    }

    [Fact]
    public void NativeSources_OfTheShim_AreAllCopied()
    {
        var patterns = File.ContextSources.Where(static source => source.StartsWith("Torch/native/", StringComparison.Ordinal)).ToList();
        var needed = Repository.Files("Torch/native", "*").Where(static file => Path.GetExtension(file) is ".cpp" or ".h" or ".txt").ToList();

        Assert.NotEmpty(needed);
        Assert.All(needed, file => Assert.Contains(patterns, pattern => FileSystemName.MatchesSimpleExpression(pattern, file, ignoreCase: false)));
    }

    [Fact]
    public void Arguments_UsedInAStage_AreDeclaredInIt() => Assert.All(File.Stages, static stage =>
    {
        var own = File.Instructions.Where(instruction => instruction.Stage == stage.Name).ToList();
        var declared = own.Where(static instruction => instruction.Name == "ARG").Select(static instruction => instruction.Text.Split('=')[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var name in new[] { "LIBTORCH_URL", "LIBTORCH_DIR", "LIBTORCH_SHA256" })
        {
            var used = own.Any(instruction => instruction.Name == "RUN" && instruction.Text.Contains("$" + name, StringComparison.Ordinal));
            Assert.True(!used || declared.Contains(name), $"{name} is empty in the stage {stage.Name}: it lacks an ARG");
        }
    });

    private static string[] Exposed(string stage) => File.Of(stage).Single(static instruction => instruction.Name == "EXPOSE").Text.Split(' ');

    private static string Check(string stage) => File.Of(stage).Single(static instruction => instruction.Name == "HEALTHCHECK").Text;

    private static bool Exists(string source) => source.Contains('*')
        ? Repository.Files(Path.GetDirectoryName(source)!, Path.GetFileName(source)).Any()
        : Path.Exists(Repository.Full(source));
}
