using Granary.Grains.Interfaces.Clusters;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace Granary.Grains.Tests.Support;

/// <summary>Two CPU silos and a client.</summary>
public class ClusterFixture : IAsyncLifetime
{
    private static int _names;
    private TestCluster? _cluster;

    protected virtual bool Gpu => false;

    protected virtual short Silos => 2;

    internal TestCluster Cluster => _cluster!;

    internal IModelCluster Models => Service<IModelCluster>();

    internal IModelCatalog Catalog => Service<IModelCatalog>();

    internal SiloBoardWatch Board => Service<SiloBoardWatch>();

    public async Task InitializeAsync()
    {
        var builder = new TestClusterBuilder(Silos);
        // Otherwise the test host takes silos for equal and skips placement filters.
        builder.Options.AssumeHomogenousSilosForTesting = false;
        builder.Properties[SiloConfigurator.GpuKey] = Gpu.ToString();
        builder.AddSiloBuilderConfigurator<SiloConfigurator>();
        builder.AddClientBuilderConfigurator<ClientConfigurator>();
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        await UntilAsync(() => Board.Silos.Count == Silos, "every silo has reported");
    }

    public async Task DisposeAsync() => await _cluster!.DisposeAsync();

    internal T Service<T>()
        where T : notnull => Cluster.Client.ServiceProvider.GetRequiredService<T>();

    /// <summary>A definition under a name of its own.</summary>
    internal static ModelDefinition Define(string prefix = "model") => new()
    {
        Name = $"{prefix}-{Interlocked.Increment(ref _names)}",
        Version = "1",
        Source = new ModelId(ModelSourceKind.HuggingFace, "org/model", null, "model.pt"),
    };

    internal async Task<ModelDefinition> RegisterAsync(ModelDefinition definition)
    {
        await Catalog.RegisterAsync(definition);
        return definition;
    }

    internal async Task<IReadOnlyList<double>> InferAsync(ModelKey key, double[] values, string method = "forward", CancellationToken cancellation = default)
    {
        using var input = Tensor.From<double>(DType.Float64, [values.Length], values);
        using var result = await Models.InferAsync(key, new InferenceRequest { Inputs = [new Argument(null, input)], Method = method }, cancellation);
        return ((Tensor)result.Value).As<double>().ToArray();
    }

    /// <summary>Waits for something that another process or a timer brings about.</summary>
    internal static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"not within a minute: {what}");
            await Task.Delay(20);
        }
    }
}

/// <summary>Three silos, the second of which has a GPU.</summary>
public sealed class GpuClusterFixture : ClusterFixture
{
    protected override bool Gpu => true;

    protected override short Silos => 3;
}
