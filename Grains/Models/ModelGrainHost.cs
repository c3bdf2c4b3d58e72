using System.Collections.Concurrent;
using Granary.Grains.Interfaces.Catalog;
using Granary.Serving.Activations;
using Granary.Serving.Sources;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Grains.Models;

/// <summary>What the model grains of one silo share: definitions, the loader, the inference threads, and the list of who is here.</summary>
internal sealed class ModelGrainHost(
    OrleansModelCatalog catalog,
    ISourcePolicy policy,
    SiloBoardWatch board,
    IModelLoader loader,
    ActivationHost activations,
    IOptions<ActivationOptions> options,
    IOptions<AdHocModelOptions> adHoc,
    ILocalSiloDetails silo,
    TimeProvider time,
    ILogger<ModelActivation> log)
{
    private readonly ConcurrentDictionary<ModelGrain, bool> _grains = new();

    /// <summary>Raised when a model came or went, so that the board hears of it at once.</summary>
    public event Action? Changed;

    /// <summary>This silo's address in its parsable form.</summary>
    public string Silo { get; } = silo.SiloAddress.ToParsableString();

    /// <summary>How often a grain looks whether it is idle.</summary>
    public TimeSpan IdleCheckPeriod => options.Value.IdleCheckInterval;

    /// <summary>The models of this silo.</summary>
    public ICollection<ModelGrain> Grains => _grains.Keys;

    /// <summary>Makes the activation of a key that the catalog holds or whose source is allowed.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, <see cref="ServingError.PermissionDenied"/>.</exception>
    public async ValueTask<ModelActivation> CreateAsync(ModelKey key, bool onAccelerator, CancellationToken cancellation)
    {
        var definition = key.IsAdHoc ? AdHoc(key) : await FromCatalogAsync(key, cancellation);
        // Which kind of grain was called has decided the question that "auto" leaves open.
        if (definition.Device == "auto")
            definition = definition with { Device = onAccelerator ? "cuda:0" : "cpu" };
        // A definition counts the calls of the whole cluster; this activation takes its share.
        var replicas = SiloFitness.Replicas(board.Silos, definition.Instances, onAccelerator);
        definition = definition with { Instances = SiloFitness.Share(definition.Instances, replicas) };
        return new ModelActivation(definition, loader, activations, time, log);
    }

    public void Add(ModelGrain grain)
    {
        _grains[grain] = true;
        Changed?.Invoke();
    }

    public void Remove(ModelGrain grain)
    {
        if (_grains.TryRemove(grain, out _))
            Changed?.Invoke();
    }

    /// <summary>Sends away the models whose catalog entry is gone or says something else now.</summary>
    public async Task RetireStaleAsync(IGrainFactory factory)
    {
        foreach (var grain in _grains.Keys)
        {
            if (grain.Definition is not { } served || served.Key.IsAdHoc)
                continue;
            var registered = catalog.Peek(served.Key);
            if (registered is not null && registered.SameContent(served with { Device = registered.Device }))
                continue;
            IModelGrain reference = grain.OnAccelerator
                ? factory.GetGrain<IGpuModelGrain>(grain.GrainKey)
                : factory.GetGrain<ICpuModelGrain>(grain.GrainKey);
            await reference.UnloadAsync();
        }
    }

    private ModelDefinition AdHoc(ModelKey key)
    {
        var id = ModelIdParser.Parse(key.Name);
        policy.Check(id, trusted: false);
        return adHoc.Value.Define(id);
    }

    private async ValueTask<ModelDefinition> FromCatalogAsync(ModelKey key, CancellationToken cancellation)
    {
        var model = await catalog.FindAsync(key.Name, cancellation);
        return model?.Find(key.Version)
            ?? throw new ServingException(ServingError.NotFound, $"model '{key.Name}' version '{key.Version}' is not registered");
    }
}
