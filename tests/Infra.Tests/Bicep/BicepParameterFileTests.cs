namespace Granary.Infra.Tests.Bicep;

public sealed class BicepParameterFileTests
{
    /// <summary>Container Apps keeps this port for itself.</summary>
    private const int ReservedPort = 36985;

    public static TheoryData<string> Files => [.. BicepSources.ParameterFiles.Select(static file => file.Path)];

    [Fact]
    public void Files_All_AreThere() =>
        Assert.Equal(["infra/bicep/dev.bicepparam", "infra/bicep/gpu.bicepparam"], BicepSources.ParameterFiles.Select(static file => file.Path));

    [Theory]
    [MemberData(nameof(Files))]
    public void Parameters_OfEveryFile_AreThoseOfTheTemplate(string path)
    {
        var file = Load(path);
        var template = BicepSources.Target(file, file.Uses!);
        var given = file.Parameters.Select(static parameter => parameter.Name).ToList();

        Assert.Empty(given.Except(template.Parameters.Select(static parameter => parameter.Name)));
        Assert.Empty(BicepStructureTests.Required(template).Except(given));
        Assert.Equal(given.Count, given.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Values_OfEveryFile_KeepTheLimitsOfTheTemplate(string path)
    {
        var file = Load(path);
        var template = BicepSources.Target(file, file.Uses!);

        Assert.All(file.Parameters, parameter =>
        {
            var declared = template.Get("param", parameter.Name);
            if (declared.Decorator("allowed") is [BicepArray allowed])
                Assert.Contains(((BicepText)parameter.Value!).Format, allowed.Items.Cast<BicepText>().Select(static item => item.Format));
            if (parameter.Value is BicepText { Literal: { } text } && declared.Decorator("maxLength") is [BicepNumber longest])
                Assert.InRange(text.Length, 1, longest.Value);
            if (parameter.Value is BicepNumber number && declared.Decorator("maxValue") is [BicepNumber most])
                Assert.InRange(number.Value, 1, most.Value);
        });
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Silos_OfEveryFile_HavePortsAndNamesOfTheirOwn(string path)
    {
        var file = Load(path);
        var prefix = ((BicepText)file.Get("param", "prefix").Value!).Format;
        var silos = Silos(file, "cpuSilos").Concat(Silos(file, "gpuSilos")).ToList();
        var type = (BicepObject)BicepSources.Main.Get("type", "siloSettings").Value!;

        Assert.True(Silos(file, "cpuSilos").Count() >= 2);
        Assert.All(silos, silo => Assert.Empty(silo.Properties.Keys.Except(type.Properties.Keys)));
        var ports = silos.SelectMany(static silo => new[] { silo.Properties["siloPort"], silo.Properties["gatewayPort"] }).Cast<BicepNumber>().Select(static port => port.Value).ToList();
        Assert.Equal(ports.Count, ports.Distinct().Count());
        Assert.DoesNotContain(ReservedPort, ports);
        Assert.All(ports, static port => Assert.InRange(port, 1024, 65535));
        var names = silos.Select(static silo => ((BicepText)silo.Properties["name"]).Format).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.All(names, name => Assert.InRange($"{prefix}-{name}".Length, 3, 32));
    }

    [Fact]
    public void GpuSilos_WhereThereAreSome_HaveAProfileAndAnImage() => Assert.All(BicepSources.ParameterFiles, static file =>
    {
        string[] needed = Silos(file, "gpuSilos").Any() ? ["gpuProfile", "gpuSiloImage"] : [];
        Assert.Empty(needed.Except(file.Parameters.Select(static parameter => parameter.Name)));
    });

    [Fact]
    public void Secrets_OfEveryFile_ComeFromTheEnvironment() => Assert.All(
        BicepSources.ParameterFiles.SelectMany(static file => file.Parameters).Where(static parameter => BicepSources.Main.Get("param", parameter.Name).Decorator("secure") is not null),
        static parameter => Assert.Equal("readEnvironmentVariable", Assert.IsType<BicepCall>(parameter.Value).Function));

    private static BicepFile Load(string path) => BicepSources.ParameterFiles.Single(file => file.Path == path);

    private static IEnumerable<BicepObject> Silos(BicepFile file, string name) =>
        file.Parameters.FirstOrDefault(parameter => parameter.Name == name)?.Value is BicepArray list ? list.Items.Cast<BicepObject>() : [];
}
