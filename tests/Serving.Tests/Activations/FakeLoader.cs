using System.Collections.Concurrent;
using Granary.Serving.Activations;
using Granary.Serving.Models;

namespace Granary.Serving.Tests.Activations;

/// <summary>Makes modules as the test says and remembers them.</summary>
internal sealed class FakeLoader(Func<ModelDefinition, CancellationToken, Task<FakeModule>> load) : IModelLoader
{
    private int _loads;

    public FakeLoader(Func<ModelDefinition, FakeModule> load)
        : this((definition, _) => Task.FromResult(load(definition)))
    {
    }

    public FakeLoader()
        : this(_ => new FakeModule())
    {
    }

    public int Loads => Volatile.Read(ref _loads);

    public ConcurrentQueue<FakeModule> Modules { get; } = new();

    public async Task<ILoadedModel> LoadAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _loads);
        var module = await load(definition, cancellation);
        Modules.Enqueue(module);
        return module;
    }
}
