using Granary.Infra.Tests.Settings;

namespace Granary.Infra.Tests.Docker;

public sealed class ComposeTests
{
    private static readonly string[] Silos = ["silo-a", "silo-b"];
    private static readonly IReadOnlyDictionary<object, object?> File = ComposeFile.Load(ComposeFile.Main);
    private static readonly IReadOnlyDictionary<object, object?> Services = File.Map("services");

    public static TheoryData<string> Files => ["infra/docker/compose.yaml", "infra/docker/compose.azurite.yaml"];

    [Fact]
    public void Services_All_AreThere() =>
        Assert.Equal(["api", "azurite", "postgres", "silo-a", "silo-b"], Services.Keys.Cast<string>().Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Files))]
    public void Variables_OfEveryService_AreRead(string path)
    {
        var services = ComposeFile.Load(path).Map("services");
        var variables = services.Keys.Cast<string>().SelectMany(name => services.Map(name).Map("environment").Keys).Cast<string>().Distinct().ToList();

        Assert.NotEmpty(variables);
        Assert.Empty(variables.Select(OptionCatalog.Product.Fault).OfType<string>());
        Assert.DoesNotContain(services.Map("api").Map("environment").Keys.Cast<string>(), KnownSettings.IsForSilosOnly);
    }

    [Fact]
    public void Membership_OfAllMembers_IsTheSame()
    {
        var shared = Services.Map("api").Map("environment").Where(static pair => ((string)pair.Key).StartsWith("Orleans__", StringComparison.Ordinal)).ToList();

        Assert.Equal(5, shared.Count);
        Assert.All(Silos, name => Assert.All(shared, pair => Assert.Equal(pair.Value, Services.Map(name).Map("environment")[pair.Key])));
        Assert.Equal("Orleans", Services.Map("api").Map("environment").Text("Cluster__Mode"));
    }

    [Fact]
    public void Builds_NameTheDockerfileAndItsTargets() => Assert.All([.. Silos, "api"], static name =>
    {
        var build = Services.Map(name).Map("build");
        Assert.Equal(Dockerfile.Path, build.Text("dockerfile"));
        Assert.Equal(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Full("infra/docker"), build.Text("context")!)));
        Assert.Contains(build.Text("target"), Dockerfile.Current.Stages.Select(static stage => stage.Name));
        Assert.Equal($"granary-{build.Text("target")}", Services.Map(name).Text("image"));
    });

    [Theory]
    [MemberData(nameof(Files))]
    public void DependsOn_EveryService_NamesServicesThatCanBecomeHealthy(string path)
    {
        var services = ComposeFile.Load(path).Map("services");
        Assert.All(services.Keys.Cast<string>(), name =>
        {
            foreach (var (dependency, condition) in services.Map(name).Map("depends_on"))
            {
                var service = Services.Map((string)dependency);
                Assert.NotEmpty(service);
                if (((Dictionary<object, object?>)condition!).Text("condition") == "service_healthy")
                    Assert.True(service.ContainsKey("healthcheck") || service.ContainsKey("build"), $"{dependency} has no health check");
            }
        });
    }

    [Fact]
    public void Volumes_OfEveryService_AreDeclaredOrInTheRepository()
    {
        var declared = File.Map("volumes").Keys.Cast<string>().ToHashSet(StringComparer.Ordinal);
        var mounts = Services.Keys.Cast<string>().SelectMany(static name => Services.Map(name).List("volumes")).Cast<string>().Select(static mount => mount.Split(':')[0]).ToList();

        Assert.All(mounts, mount => Assert.True(
            mount.StartsWith('.') ? Path.Exists(Path.Combine(Repository.Full("infra/docker"), mount)) : declared.Contains(mount), $"{mount} is neither"));
        Assert.Empty(declared.Except(mounts));
    }

    [Fact]
    public void Ports_Published_AreOnLoopbackAndNeverASilos()
    {
        Assert.All(Silos, static name => Assert.Empty(Services.Map(name).List("ports")));
        Assert.All(Services.Keys.Cast<string>().SelectMany(static name => Services.Map(name).List("ports")).Cast<string>(), static port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
        Assert.Equal([$"127.0.0.1:{ProjectGraph.ApiPort}:{ProjectGraph.ApiPort}"], Services.Map("api").List("ports"));
    }

    [Fact]
    public void Silos_WhenStopped_HaveTimeToDrain() => Assert.All([.. Silos, "api"], static name => Assert.Equal("60s", Services.Map(name).Text("stop_grace_period")));

    [Fact]
    public void Schema_OfPostgres_IsTheOneOfTheRepository()
    {
        Assert.Contains("../postgres/orleans.sql:/docker-entrypoint-initdb.d/10-orleans.sql:ro", Services.Map("postgres").List("volumes"));
        Assert.Contains("OrleansQuery", Repository.Read("infra/postgres/orleans.sql"), StringComparison.OrdinalIgnoreCase);
    }
}
