using Granary.Grains.Interfaces;
using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Devices;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Weights;
using Granary.Torch;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.TestingHost;

namespace Granary.Grains.Tests.Support;

/// <summary>A silo with fake models. Silos whose name ends in 1 have a GPU when <c>Test:Gpu</c> is true.</summary>
internal sealed class SiloConfigurator : ISiloConfigurator
{
    public const string GpuKey = "Test:Gpu";

    public void Configure(ISiloBuilder silo)
    {
        var hasGpu = silo.Configuration.GetValue<bool>(GpuKey) && silo.Configuration["Orleans:Name"]!.EndsWith('1');
        silo.UseSiloMetadata(new Dictionary<string, string> { ["accelerator"] = hasGpu ? "cuda" : "none" });
        silo.AddMemoryGrainStorage("catalog");
        var services = silo.Services;
        services.AddSingleton<IModelLoader, FakeLoader>();
        services.AddSingleton<IInferenceRuntime, FakeRuntime>();
        services.AddSingleton<IAcceleratorProbe>(new FakeAccelerators(hasGpu));
        services.AddSingleton<ISourcePolicy, FakePolicy>();
        services.AddSingleton<IWeightsFiles>(silo.Configuration["Orleans:Name"]!.EndsWith('1') ? new OneFile() : new NoFiles());
        services.AddOptions<AdHocModelOptions>();
        services.Configure<ActivationOptions>(options =>
        {
            options.IdleCheckInterval = TimeSpan.FromMilliseconds(50);
            // Fakes are quick until a test holds them; such a call must not sit in the grain's turn.
            options.InlineBelow = TimeSpan.Zero;
        });
        services.AddModelActivations();
        silo.AddGranaryGrains();
        services.Configure<Silos.SiloReportOptions>(options => options.Period = TimeSpan.FromMilliseconds(100));
        services.Configure<Interfaces.Clusters.OrleansClusterOptions>(options => options.RefreshPeriod = TimeSpan.FromMilliseconds(100));
    }
}

/// <summary>A client with the Orleans cluster behind the doors.</summary>
internal sealed class ClientConfigurator : IClientBuilderConfigurator
{
    public void Configure(IConfiguration configuration, IClientBuilder clientBuilder)
    {
        clientBuilder.Services.AddSingleton<ISourcePolicy, FakePolicy>();
        clientBuilder.Services.AddOrleansModelCluster();
        clientBuilder.Services.Configure<Interfaces.Clusters.OrleansClusterOptions>(options => options.RefreshPeriod = TimeSpan.FromMilliseconds(100));
    }
}

internal sealed class FakeRuntime : IInferenceRuntime
{
    public int CudaDeviceCount => 0;

    public void WarmThread()
    {
    }

    public void TrimMemory()
    {
    }
}

internal sealed class FakeAccelerators(bool present) : IAcceleratorProbe
{
    public IReadOnlyList<GpuInfo> Gpus { get; } = present ? [new GpuInfo(0, "NVIDIA Test", 16L << 30, 16L << 30)] : [];
}

/// <summary>Hugging Face is allowed unless the owner is <c>evil</c>.</summary>
internal sealed class FakePolicy : ISourcePolicy
{
    public void Check(ModelId id, bool trusted)
    {
        if (id.Repository.StartsWith("evil/", StringComparison.Ordinal))
            throw new ServingException(ServingError.PermissionDenied, $"'{id}' is not allowed");
    }

    public long MaxFileBytes(bool trusted) => long.MaxValue;
}

/// <summary>The file that silos whose name ends in 1 have.</summary>
internal sealed class OneFile : IWeightsFiles
{
    public static readonly byte[] Content = MakeContent();

    public static readonly string Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Content));

    private static readonly string Path = WriteOut();

    public IReadOnlyList<string> List() => [Sha256];

    public WeightsLease? TryOpen(string sha256) => sha256 == Sha256 ? new WeightsLease(Path, Sha256, Content.Length, null, null) : null;

    private static byte[] MakeContent()
    {
        // Two whole pieces and a bit.
        var content = new byte[(9 << 20) + 17];
        new Random(1).NextBytes(content);
        return content;
    }

    private static string WriteOut()
    {
        var path = System.IO.Path.Combine(Directory.CreateTempSubdirectory("granary-peer-").FullName, "file");
        File.WriteAllBytes(path, Content);
        return path;
    }
}

internal sealed class NoFiles : IWeightsFiles
{
    public IReadOnlyList<string> List() => [];

    public WeightsLease? TryOpen(string sha256) => null;
}
