using Granary.Grains;
using Granary.Grains.Interfaces.Providers;
using Granary.Hosting.Startup;
using Granary.Serving.Clusters;
using Granary.Serving.Devices;
using Granary.Serving.Sources;
using Granary.Serving.Weights;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Granary.Silo.Hosting;

/// <summary>Joins configuration, the serving core and Orleans.</summary>
internal static class SiloComposition
{
    /// <summary>A builder with configuration in the order: defaults, start-up variables of Infernet, environment, command line.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] arguments)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Configuration.AddInMemoryCollection(ReadVariables());
        builder.Configuration.AddEnvironmentVariables();
        builder.Configuration.AddCommandLine(arguments);
        var options = builder.Configuration.GetSection(SiloOptions.SectionName).Get<SiloOptions>() ?? new SiloOptions();
        if (options.Validate().ToList() is { Count: > 0 } faults)
            throw new OptionsValidationException(SiloOptions.SectionName, typeof(SiloOptions), faults);
        var container = builder.Configuration.GetValue<bool>("DOTNET_RUNNING_IN_CONTAINER");
        builder.WebHost.UseUrls($"http://{options.HealthBind ?? (container ? "0.0.0.0:8080" : "127.0.0.1:8080")}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        builder.Services.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = options.ProbeTimeout;
            membership.NumMissedProbesLimit = options.MissedProbes;
        });
        return builder;
    }

    /// <summary>The part of the serving core that grains use.</summary>
    public static void AddServing(this WebApplicationBuilder builder)
    {
        builder.Services.AddModelSources();
        builder.Services.AddWeightsStore();
        builder.Services.AddModelActivations();
        builder.Services.AddAccelerators();
        builder.Services.AddOptions<AdHocModelOptions>();
        builder.Services.ConfigureServing(builder.Configuration);
    }

    /// <summary>The silo. Clustering and storage come from the configuration section <c>Orleans</c>.</summary>
    public static void AddSilo(this WebApplicationBuilder builder)
    {
        builder.UseOrleans(silo =>
        {
            AzureClients.AddTables(silo.Services, silo.Configuration);
            AzureBlobs.Add(silo.Services, silo.Configuration);
            silo.UseSiloMetadata(SiloMetadataSource.Read(silo.Configuration));
            silo.AddGranaryGrains();
        });
        builder.Services.Configure<GrainCollectionOptions>(collection => collection.DeactivationTimeout = TimeSpan.FromMinutes(5));
    }

    private static IReadOnlyDictionary<string, string?> ReadVariables()
    {
        var variables = Environment.GetEnvironmentVariables();
        var settings = EnvironmentSettings.Read(variables.Keys.Cast<string>().ToDictionary(name => name, name => (string?)variables[name]));
        if (settings.Errors.Count > 0)
            throw new OptionsValidationException("environment", typeof(EnvironmentSettings), settings.Errors);
        return settings.Configuration;
    }
}
