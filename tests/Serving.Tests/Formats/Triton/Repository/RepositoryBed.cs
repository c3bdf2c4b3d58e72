using Granary.Serving.Activations;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Tests.Activations;
using Granary.Serving.Tests.Clusters;
using Granary.Serving.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Serving.Tests.Formats.Triton.Repository;

/// <summary>A repository in a temporary directory over the real catalog and in-process cluster; modules are fakes that load what their file says.</summary>
internal sealed class RepositoryBed : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public RepositoryBed(Action<ModelRepositoryOptions>? options = null, TempDirectory? folder = null)
    {
        Folder = folder ?? new TempDirectory();
        Directory.CreateDirectory(Root);
        Loader = new FakeLoader(Load);
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IModelLoader>(Loader);
        services.AddSingleton<IInferenceRuntime>(new FakeRuntime());
        services.AddSingleton<ISourcePolicy>(new ClusterBed.FakePolicy());
        services.AddModelCatalog(catalog => catalog.Directory = Path.Combine(Folder.Path, "catalog"));
        services.AddModelCluster();
        _services = services.BuildServiceProvider();
        Options = new ModelRepositoryOptions { Paths = [Root], OverrideDirectory = Path.Combine(Folder.Path, "overrides") };
        options?.Invoke(Options);
        Catalog = _services.GetRequiredService<IModelCatalog>();
        Cluster = _services.GetRequiredService<IModelCluster>();
        Manager = new ModelRepositoryManager(Options, Catalog, Cluster, static () => new HostCapacity(2, 0), Log);
    }

    public TempDirectory Folder { get; }

    public string Root => Path.Combine(Folder.Path, "models");

    public ManualTimeProvider Clock { get; } = new();

    public FakeLoader Loader { get; }

    public ModelRepositoryOptions Options { get; }

    public LineLogger<ModelRepositoryManager> Log { get; } = new();

    public IModelCatalog Catalog { get; }

    public IModelCluster Cluster { get; }

    public ModelRepositoryManager Manager { get; }

    /// <summary>Called with every definition that is loaded, before it is.</summary>
    public Func<ModelDefinition, Task>? Loading { get; set; }

    public void Write(string path, string content) => Folder.File(Path.Combine("models", path), content);

    /// <summary>A model without a configuration whose versions hold the given texts.</summary>
    public void Model(string name, params string[] versions)
    {
        for (var i = 0; i < versions.Length; i++)
            Write($"{name}/{i + 1}/model.pt", versions[i]);
    }

    public async Task<string> IndexAsync(bool readyOnly = false) => string.Join(';', (await Manager.IndexAsync(readyOnly))
        .Select(entry => $"{entry.Name} {entry.Version} {entry.State} {entry.Reason}".TrimEnd()));

    public async Task<string> InferAsync(string name, string version)
    {
        using var result = await Cluster.InferAsync(new ModelKey(name, version), TestBed.Request(1, 2));
        return string.Join(',', TestBed.Numbers(result));
    }

    public async ValueTask DisposeAsync()
    {
        Manager.Dispose();
        await _services.DisposeAsync();
        Folder.Dispose();
    }

    // "bad" cannot be loaded; "two" takes two tensors.
    private async Task<FakeModule> Load(ModelDefinition definition, CancellationToken cancellation)
    {
        if (Loading is { } loading)
            await loading(definition);
        var text = await File.ReadAllTextAsync(definition.Source.Repository, cancellation);
        if (text.StartsWith("bad", StringComparison.Ordinal))
            throw new ServingException(ServingError.Unsupported, $"'{definition.Source}' is no model that this server knows");
        return text.StartsWith("two", StringComparison.Ordinal)
            ? new FakeModule { Methods = [new("forward", [new("x", "Tensor", false, null), new("y", "Tensor", false, null)], "Tensor")] }
            : new FakeModule();
    }
}
