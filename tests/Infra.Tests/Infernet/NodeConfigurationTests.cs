using System.Text.Json;
using Granary.Infra.Tests.Docker;
using Granary.Infra.Tests.Settings;

namespace Granary.Infra.Tests.Infernet;

/// <summary>The configurations of node 1.4.0; its keys are in infernet-node, src/shared/config.py.</summary>
public sealed class NodeConfigurationTests
{
    private const string Folder = "infra/infernet";

    private static readonly string[] Keys =
    [
        "log.path", "log.max_file_size", "log.backup_count", "manage_containers", "startup_wait", "forward_stats", "server.port",
        "server.rate_limit.num_requests", "server.rate_limit.period", "chain.enabled", "chain.rpc_url", "chain.trail_head_blocks",
        "chain.registry_address", "chain.wallet.max_gas_limit", "chain.wallet.private_key", "chain.wallet.payment_address",
        "chain.wallet.allowed_sim_errors", "chain.snapshot_sync.sleep", "chain.snapshot_sync.batch_size",
        "chain.snapshot_sync.starting_sub_id", "chain.snapshot_sync.sync_period", "redis.host", "redis.port", "docker.username",
        "docker.password", "containers[].id", "containers[].description", "containers[].image", "containers[].url",
        "containers[].port", "containers[].bearer", "containers[].external", "containers[].gpu", "containers[].command",
        "containers[].env", "containers[].volumes", "containers[].allowed_ips", "containers[].allowed_addresses",
        "containers[].allowed_delegate_addresses", "containers[].accepted_payments", "containers[].generates_proofs",
    ];

    public static TheoryData<string> Files => ["config.json", "config.external.json"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Keys_OfBothFiles_AreKnownToTheNode(string file)
    {
        using var configuration = Load(file);

        var keys = Flatten(configuration.RootElement, "").ToList();
        Assert.True(keys.Count > 25);
        Assert.Empty(keys.Except(Keys));
    }

    [Fact]
    public void Readme_OfTheFolder_ExplainsEveryKey()
    {
        var readme = Repository.Read($"{Folder}/README.md");

        Assert.All(Keys, key => Assert.Contains($"`{key}`", readme, StringComparison.Ordinal));
    }

    [Fact]
    public void ManagedContainer_FromTheFile_StartsGranary()
    {
        using var configuration = Load("config.json");
        var container = configuration.RootElement.GetProperty("containers")[0];

        Assert.True(configuration.RootElement.GetProperty("manage_containers").GetBoolean());
        Assert.Equal("granary-api:latest", container.GetProperty("image").GetString());
        Assert.Equal(ProjectGraph.ApiPort, container.GetProperty("port").GetInt32());
        var flags = container.GetProperty("command").GetString()!.Split(' ').Select(static argument => argument.Split('=')[0]);
        var known = Repository.Read("Api/Hosting/CommandLineOptions.cs");
        Assert.All(flags, flag => Assert.Contains($"\"{flag}\"", known, StringComparison.Ordinal));
        // The node passes what Python makes of a value: False is not what the service calls false.
        Assert.All(container.GetProperty("env").EnumerateObject(), static variable =>
        {
            Assert.Equal(JsonValueKind.String, variable.Value.ValueKind);
            Assert.Null(OptionCatalog.Product.Fault(variable.Name));
        });
        using var arguments = JsonDocument.Parse(container.GetProperty("env").GetProperty("LOAD_ARGS").GetString()!);
        Assert.Equal(["repo_id", "filename"], arguments.RootElement.EnumerateObject().Select(static argument => argument.Name));
    }

    [Fact]
    public void ExternalContainer_FromTheFile_NeedsNoDocker()
    {
        using var configuration = Load("config.external.json");
        var container = configuration.RootElement.GetProperty("containers")[0];

        Assert.False(configuration.RootElement.GetProperty("manage_containers").GetBoolean());
        Assert.Equal($"http://granary:{ProjectGraph.ApiPort}", container.GetProperty("url").GetString());
        Assert.False(container.TryGetProperty("image", out _));
        Assert.NotEmpty(container.GetProperty("bearer").GetString()!);
    }

    [Fact]
    public void Kubernetes_Manifest_HasTheServiceThatTheNodeCalls()
    {
        var documents = ComposeFile.LoadAll($"{Folder}/kubernetes.yaml");
        Assert.Equal(["Service", "Deployment"], documents.Select(static document => document.Text("kind")));
        Assert.Equal("granary", documents[0].Map("metadata").Text("name"));

        var pod = documents[1].Map("spec").Map("template").Map("spec");
        var container = (Dictionary<object, object?>)Assert.Single(pod.List("containers"));
        Assert.Equal("60", pod.Text("terminationGracePeriodSeconds"));
        Assert.Equal("true", pod.Map("securityContext").Text("runAsNonRoot"));
        Assert.Equal(ProjectGraph.ApiPort.ToString(System.Globalization.CultureInfo.InvariantCulture), ((Dictionary<object, object?>)Assert.Single(container.List("ports"))).Text("containerPort"));
        Assert.Equal("/health/startup", container.Map("startupProbe").Map("httpGet").Text("path"));
        Assert.Equal("/health/ready", container.Map("readinessProbe").Map("httpGet").Text("path"));
        Assert.Equal("/health/live", container.Map("livenessProbe").Map("httpGet").Text("path"));
        var variables = container.List("env").Cast<Dictionary<object, object?>>().Select(static variable => variable.Text("name")!).ToList();
        Assert.Empty(variables.Select(OptionCatalog.Product.Fault).OfType<string>());
        var mounted = container.List("volumeMounts").Cast<Dictionary<object, object?>>().Select(static mount => mount.Text("name"));
        Assert.Equal(pod.List("volumes").Cast<Dictionary<object, object?>>().Select(static volume => volume.Text("name")), mounted);
    }

    private static JsonDocument Load(string file) => JsonDocument.Parse(Repository.Read($"{Folder}/{file}"));

    private static IEnumerable<string> Flatten(JsonElement element, string path)
    {
        // What users fill in themselves has no fixed keys below it.
        if (path is "containers[].env" or "containers[].accepted_payments")
            return [path];
        return element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Flatten(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}")),
            JsonValueKind.Array when path == "containers" => element.EnumerateArray().SelectMany(static container => Flatten(container, "containers[]")),
            _ => [path],
        };
    }
}
