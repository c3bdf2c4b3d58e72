using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Tests.Activations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Serving.Tests.Clusters;

/// <summary>The in-process cluster as its registration composes it, with a catalog, a loader and a policy of the test.</summary>
internal sealed class ClusterBed : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public ClusterBed(FakeLoader? loader = null, Action<ActivationOptions>? options = null)
    {
        Loader = loader ?? new FakeLoader();
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IModelCatalog>(Catalog);
        services.AddSingleton<IModelLoader>(Loader);
        services.AddSingleton<IInferenceRuntime>(Runtime);
        services.AddSingleton<ISourcePolicy>(Policy);
        services.AddModelCluster();
        if (options is not null)
            services.Configure(options);
        _services = services.BuildServiceProvider(validateScopes: true);
        Cluster = _services.GetRequiredService<IModelCluster>();
        Reaper = (IdleReaper)_services.GetRequiredService<IHostedService>();
        Metrics = _services.GetRequiredService<IModelMetrics>();
    }

    public ManualClock Clock { get; } = new();

    public FakeCatalog Catalog { get; } = new();

    public FakeLoader Loader { get; }

    public FakeRuntime Runtime { get; } = new();

    public FakePolicy Policy { get; } = new();

    public IModelCluster Cluster { get; }

    public IdleReaper Reaper { get; }

    public IModelMetrics Metrics { get; }

    public async Task<double[]> InferAsync(ModelKey key, double value)
    {
        using var result = await Cluster.InferAsync(key, TestBed.Request(value, value));
        return TestBed.Numbers(result);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    internal sealed class FakePolicy : ISourcePolicy
    {
        public List<ModelId> Asked { get; } = [];

        public void Check(ModelId id, bool trusted)
        {
            lock (Asked)
                Asked.Add(id);
            if (id.Repository.StartsWith("evil/", StringComparison.Ordinal))
                throw new ServingException(ServingError.PermissionDenied, $"'{id.Repository}' is not allowed");
        }

        public long MaxFileBytes(bool trusted) => long.MaxValue;
    }
}
