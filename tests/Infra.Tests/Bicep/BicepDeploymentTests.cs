using Granary.Infra.Tests.Settings;

namespace Granary.Infra.Tests.Bicep;

/// <summary>What the templates deploy: ports, probes, replicas, secrets, access.</summary>
public sealed class BicepDeploymentTests
{
    private const string Template = "properties.template";

    [Fact]
    public void Variables_OfBothApps_AreOptionsOfTheProduct()
    {
        var variables = BicepSources.Variables(BicepSources.Silo).Concat(BicepSources.Variables(BicepSources.Api)).Select(static variable => variable.Name).ToList();

        Assert.True(variables.Count > 20);
        Assert.Empty(variables.Select(OptionCatalog.Product.Fault).OfType<string>().Distinct());
    }

    [Fact]
    public void Variables_OfTheApi_AreFitForAClient() =>
        Assert.DoesNotContain(BicepSources.Variables(BicepSources.Api), static variable => KnownSettings.IsForSilosOnly(variable.Name));

    [Theory]
    [InlineData("Orleans__ClusterId")]
    [InlineData("Orleans__ServiceId")]
    [InlineData("Orleans__Clustering__ProviderType")]
    [InlineData("Orleans__Clustering__ServiceKey")]
    [InlineData("Granary__AzureStorage__TableEndpoint")]
    public void Membership_OfApiAndSilos_IsTheSame(string name) => Assert.Equal(Value(BicepSources.Silo, name), Value(BicepSources.Api, name));

    [Fact]
    public void SiloPorts_ListenWhereTheIngressSends()
    {
        var silo = BicepSources.Silo;
        var ingress = Resource(silo, "silo", "properties.configuration.ingress");
        Assert.Equal("tcp", BicepSources.Text(silo, BicepSources.At(silo, ingress, "transport")));
        Assert.Equal(KnownSettings.SiloPort, Number(silo, ingress, "targetPort"));
        Assert.Equal(KnownSettings.GatewayPort, Number(silo, ingress, "additionalPortMappings.0.targetPort"));
        Assert.Equal("{siloPort}", BicepSources.Text(silo, BicepSources.At(silo, ingress, "exposedPort")));
        Assert.Equal("{gatewayPort}", BicepSources.Text(silo, BicepSources.At(silo, ingress, "additionalPortMappings.0.exposedPort")));

        Assert.Equal($"0.0.0.0:{KnownSettings.SiloPort}", Value(silo, "Orleans__Endpoints__SiloListeningEndpoint"));
        Assert.Equal($"0.0.0.0:{KnownSettings.GatewayPort}", Value(silo, "Orleans__Endpoints__GatewayListeningEndpoint"));
        Assert.Equal("{advertisedAddress}", Value(silo, "Orleans__Endpoints__AdvertisedIPAddress"));
        Assert.Equal([new BicepSymbol("siloPort")], Call(silo, "Orleans__Endpoints__SiloPort"));
        Assert.Equal([new BicepSymbol("gatewayPort")], Call(silo, "Orleans__Endpoints__GatewayPort"));
    }

    [Fact]
    public void Silo_Always_HasOneReplicaAndTimeToDrain()
    {
        var silo = BicepSources.Silo;

        Assert.Equal(1, Number(silo, Resource(silo, "silo", Template), "scale.minReplicas"));
        Assert.Equal(1, Number(silo, Resource(silo, "silo", Template), "scale.maxReplicas"));
        Assert.Equal(60, Number(silo, Resource(silo, "silo", Template), "terminationGracePeriodSeconds"));
    }

    [Fact]
    public void Silos_OfBothKinds_AreInTheInternalEnvironmentOneAtATime()
    {
        var main = BicepSources.Main;
        var silos = main.Of("module").Where(static module => module.Reference == "modules/silo.bicep").ToList();

        Assert.Equal(["cpuSilo", "gpuSilo"], silos.Select(static silo => silo.Name));
        Assert.All(silos, silo =>
        {
            Assert.Equal(new BicepMember(new BicepMember(new BicepSymbol("clusterEnvironment"), "outputs"), "id"), BicepSources.At(main, silo.Body, "params.environmentId"));
            Assert.Equal([new BicepNumber(1)], silo.Decorator("batchSize"));
        });
        Assert.Equal(new BicepSymbol("true"), BicepSources.At(main, main.Get("module", "clusterEnvironment").Body, "params.internal"));
    }

    [Fact]
    public void ApiPort_IsTheOneOfTheCode()
    {
        var api = BicepSources.Api;
        var ingress = Resource(api, "api", "properties.configuration.ingress");

        Assert.Equal(ProjectGraph.ApiPort, Number(api, ingress, "targetPort"));
        Assert.Equal("http", BicepSources.Text(api, BicepSources.At(api, ingress, "transport")));
        Assert.Equal(new BicepSymbol("false"), BicepSources.At(api, ingress, "allowInsecure"));
        Assert.Equal($"0.0.0.0:{ProjectGraph.ApiPort}", Value(api, "Granary__Server__Bind__0"));
        Assert.Equal([new BicepSymbol("concurrentRequests")], ((BicepCall)BicepSources.At(api, Resource(api, "api", Template), "scale.rules.0.http.metadata.concurrentRequests")).Arguments);
    }

    [Theory]
    [InlineData("modules/silo.bicep", "silo", 8080)]
    [InlineData("modules/api.bicep", "api", 3000)]
    public void Probes_OfBothApps_AskTheHealthEndpoints(string path, string name, int port)
    {
        var file = BicepSources.Get(path);
        var probes = ((BicepArray)BicepSources.At(file, Resource(file, name, Template), "containers.0.probes")).Items;

        var read = probes.Select(probe => (Kind: Text(file, probe, "type"), Path: Text(file, probe, "httpGet.path"), Port: Number(file, probe, "httpGet.port")));
        Assert.Equal([("Startup", "/health/startup", port), ("Readiness", "/health/ready", port), ("Liveness", "/health/live", port)], read);
        // The platform allows no more than ten failures.
        Assert.All(probes, probe => Assert.InRange(Number(file, probe, "failureThreshold"), 1, 10));
    }

    [Fact]
    public void Storage_Always_RefusesKeysAndThePublic()
    {
        var storage = BicepSources.Get("modules/storage.bicep");
        var account = Resource(storage, "account", "properties");

        Assert.Equal(new BicepSymbol("false"), BicepSources.At(storage, account, "allowSharedKeyAccess"));
        Assert.Equal(new BicepSymbol("false"), BicepSources.At(storage, account, "allowBlobPublicAccess"));
        Assert.Equal("Deny", Text(storage, account, "networkAcls.defaultAction"));
    }

    [Fact]
    public void SecretParameters_Everywhere_AreSecure()
    {
        var secrets = BicepSources.Templates.SelectMany(static file => file.Parameters).Where(static parameter => parameter.Name is "adminKey" or "huggingFaceToken" or "inferenceBearer").ToList();

        Assert.Equal(6, secrets.Count);
        Assert.All(secrets, static parameter => Assert.NotNull(parameter.Decorator("secure")));
        var kept = BicepSources.Get("modules/secrets.bicep").Of("resource").Where(static resource => resource.Reference!.StartsWith("Microsoft.KeyVault/vaults/secrets@", StringComparison.Ordinal));
        Assert.Equal(["adminKey", "inferenceBearer", "huggingFaceToken"], kept.Select(static secret => ((BicepSymbol)((BicepObject)secret.Body.Properties["properties"]).Properties["value"]).Name));
    }

    [Fact]
    public void SecretReferences_OfBothApps_NameASecretOfTheApp() => Assert.All([BicepSources.Silo, BicepSources.Api], static file =>
    {
        var nodes = file.Declarations.Where(static declaration => declaration.Value is not null).SelectMany(static declaration => declaration.Value!.Walk()).OfType<BicepObject>().ToList();
        var kept = nodes.Where(static node => node.Properties.ContainsKey("keyVaultUrl")).Select(static node => ((BicepText)node.Properties["name"]).Literal);
        var used = nodes.Where(static node => node.Properties.ContainsKey("secretRef")).Select(static node => ((BicepText)node.Properties["secretRef"]).Literal);
        Assert.Equal(kept.Order(StringComparer.Ordinal), used.Order(StringComparer.Ordinal));
    });

    private static BicepNode Resource(BicepFile file, string name, string path) => BicepSources.At(file, file.Get("resource", name).Body, path);

    private static string Value(BicepFile file, string name) => BicepSources.Text(file, BicepSources.Variables(file).Single(variable => variable.Name == name).Value);

    private static IReadOnlyList<BicepNode> Call(BicepFile file, string name) => ((BicepCall)BicepSources.Variables(file).Single(variable => variable.Name == name).Value).Arguments;

    private static int Number(BicepFile file, BicepNode node, string path) => ((BicepNumber)BicepSources.At(file, node, path)).Value;

    private static string Text(BicepFile file, BicepNode node, string path) => BicepSources.Text(file, BicepSources.At(file, node, path));
}
