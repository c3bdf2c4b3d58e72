using System.Collections.Concurrent;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Models;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Loads and unloads models of repositories, one operation a model at a time, and tells their states.</summary>
internal sealed partial class ModelRepositoryManager : IModelRepository, IDisposable
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly RepositoryStates _states = new();
    private readonly CompanionModels _companions = new();
    private readonly ModelRepositoryOptions _options;
    private readonly IModelCatalog _catalog;
    private readonly IModelCluster _cluster;
    private readonly RepositoryScanner _scanner;
    private readonly RepositoryModelReader _reader;
    private readonly RepositoryLoader _loader;
    private readonly EnsembleLoader _ensembles;
    private readonly OverrideFiles _overrides;
    private readonly HashSet<string> _repositories;
    private readonly ILogger _logger;
    private volatile bool _started;
    private int _disposed;

    public ModelRepositoryManager(ModelRepositoryOptions options, IModelCatalog catalog, IModelCluster cluster, Func<HostCapacity> host, ILogger<ModelRepositoryManager> logger, BlobRepositories? blobs = null)
    {
        (_options, _catalog, _cluster, _logger) = (options, catalog, cluster, logger);
        var stores = options.Paths.Select(path => RepositoryStores.Open(path, blobs)).ToList();
        _overrides = new OverrideFiles(options.OverrideDirectory);
        _repositories = [.. stores.Select(static store => store.Id), _overrides.Id];
        _scanner = new RepositoryScanner(stores);
        _reader = new RepositoryModelReader(options, host);
        var ensembles = new EnsembleChecker(catalog, new ServedModels(catalog, cluster, host));
        _loader = new RepositoryLoader(catalog, cluster, _states, _repositories, ensembles, logger);
        _ensembles = new EnsembleLoader(catalog, _scanner, _reader, LoadCompanionAsync);
        // Without repositories there is nothing to wait for.
        _started = stores.Count == 0;
    }

    public ModelControlMode ControlMode => _options.ControlMode;

    public string? StartFailure { get; private set; }

    /// <summary>What the repositories hold now.</summary>
    internal Task<RepositoryScan> ScanAsync(CancellationToken cancellation) => _scanner.ScanAsync(null, cancellation);

    public async Task LoadAsync(string name, ModelOverride? replacement = null, CancellationToken cancellation = default)
    {
        RepositoryRules.RequireExplicit(_options.ControlMode);
        RepositoryRules.CheckName(name);
        // A caller that goes away must not leave a model half loaded.
        await LoadWithPartsAsync(name, replacement, _stopping.Token).WaitAsync(cancellation);
    }

    public async Task UnloadAsync(string name, bool withDependents = false, CancellationToken cancellation = default)
    {
        RepositoryRules.RequireExplicit(_options.ControlMode);
        await UnloadWithPartsAsync(name, withDependents, _stopping.Token).WaitAsync(cancellation);
    }

    public async ValueTask<IReadOnlyList<RepositoryIndexEntry>> IndexAsync(bool readyOnly, CancellationToken cancellation = default)
    {
        var index = await DescribeAsync(cancellation);
        if (readyOnly)
            return index.Ready;
        var scan = await _scanner.ScanAsync(null, cancellation);
        index.AddNames(scan.Models.Keys);
        return index.All;
    }

    public async ValueTask<IReadOnlyList<string>> NotReadyAsync(CancellationToken cancellation = default)
    {
        if (!_started)
            return ["the models of the repository are being loaded"];
        if (!_options.StrictReadiness)
            return [];
        var index = await DescribeAsync(cancellation);
        return [.. index.All.Where(static entry => entry.State is not (null or ModelReadyState.Ready) && entry.Reason != "unloaded")
            .Select(static entry => $"model '{entry.Name}'{(entry.Version is null ? "" : $" version {entry.Version}")} is {entry.State!.Value.ToString().ToUpperInvariant()}{(entry.Reason.Length == 0 ? "" : ": " + entry.Reason)}")];
    }

    /// <summary>Brings the catalog to what the mode wants at start.</summary>
    /// <returns>What failed, one sentence a model.</returns>
    internal async Task<IReadOnlyList<string>> StartAsync(CancellationToken cancellation)
    {
        if (!_options.KeepLoaded)
            _overrides.Clear();
        var scan = await _scanner.ScanAsync(null, cancellation);
        foreach (var problem in scan.Problems.Values)
            LogProblem(problem);
        IReadOnlyCollection<string> wanted = _options.ControlMode == ModelControlMode.Explicit && !_options.LoadModels.Contains("*")
            ? _options.LoadModels
            : [.. scan.Models.Keys.Order(StringComparer.Ordinal)];
        await ForgetOthersAsync(wanted, scan.Unreadable, cancellation);
        var failures = new ConcurrentBag<string>(scan.Unreadable.Select(static id => $"model repository '{id}' cannot be read"));
        foreach (var (name, problem) in scan.Problems.Where(static problem => problem.Value.StartsWith("failed", StringComparison.Ordinal)))
            Fail(name, problem, failures);
        // Ensembles come last: they are checked against the models that they need.
        var ensembles = await _ensembles.NamesAsync(scan, cancellation);
        await LoadAllAsync(wanted.Where(name => !ensembles.Contains(name)), scan, failures, cancellation);
        await LoadAllAsync(wanted.Where(ensembles.Contains), scan, failures, cancellation);
        _started = true;
        if (_options.ExitOnError && !failures.IsEmpty)
            StartFailure = $"failed to load all models: {string.Join("; ", failures.Order(StringComparer.Ordinal))}";
        return [.. failures.Order(StringComparer.Ordinal)];
    }

    /// <summary>Loads a model whose files changed; null, or why it failed.</summary>
    internal async Task<string?> TryLoadAsync(string name, RepositoryModel? model)
    {
        try
        {
            if (model is not null)
                await LoadPartsAsync(name, model, null, _stopping.Token);
            await InTurnAsync(name, stop => ApplyAsync(name, model ?? throw new ServingException(ServingError.NotFound, "there is no such directory in any model repository"), null, stop));
            _companions.Remove(name);
            return null;
        }
        catch (ServingException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Brings models whose directories changed to what these hold now, and ensembles that need one of them.</summary>
    internal async Task FollowAsync(IReadOnlyCollection<string> changed, RepositoryScan scan, CancellationToken cancellation)
    {
        foreach (var name in await _ensembles.OrderAsync(changed, scan, cancellation))
        {
            if (scan.Models.TryGetValue(name, out var model))
                await TryLoadAsync(name, model);
            else
                await RemoveAsync(name);
        }
    }

    /// <summary>Unloads a model whose directory is gone.</summary>
    private Task RemoveAsync(string name) => InTurnAsync(name, async stop =>
    {
        await UnloadInTurnAsync(name, stop);
        _states.Forget(name);
    });

    /// <summary>Gives up what runs. The container knows this object under two names and so disposes it twice.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private Task LoadAllAsync(IEnumerable<string> names, RepositoryScan scan, ConcurrentBag<string> failures, CancellationToken cancellation) =>
        Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = _options.LoadThreads, CancellationToken = cancellation }, async (name, _) =>
        {
            if (await TryLoadAsync(name, scan.Models.GetValueOrDefault(name)) is { } failure)
                failures.Add(failure);
        });

    private async Task<RepositoryIndex> DescribeAsync(CancellationToken cancellation)
    {
        var index = new RepositoryIndex(_states.ToList());
        foreach (var model in await _catalog.ListAsync(cancellation))
            await index.AddAsync(model, _catalog, _cluster, cancellation);
        return index;
    }

    /// <summary>What an ensemble needs is loaded first, outside of its turn.</summary>
    private async Task LoadWithPartsAsync(string name, ModelOverride? replacement, CancellationToken cancellation)
    {
        if ((await _scanner.ScanAsync(name, cancellation)).Models.TryGetValue(name, out var model) || replacement?.Config is not null)
            await LoadPartsAsync(name, model, replacement?.Config, cancellation);
        await InTurnAsync(name, stop => LoadInTurnAsync(name, replacement, stop));
        _companions.Remove(name);
    }

    /// <summary>Loads what an ensemble needs, unless somebody else did meanwhile.</summary>
    private Task LoadCompanionAsync(string name, RepositoryModel model) => InTurnAsync(name, async stop =>
    {
        if (await _catalog.FindAsync(name, stop) is not null)
            return;
        await ApplyAsync(name, model, null, stop);
        _companions.Add(name);
    });

    private async Task LoadPartsAsync(string name, RepositoryModel? model, string? json, CancellationToken cancellation)
    {
        ModelConfig config;
        try
        {
            config = json is not null ? ModelConfigCodec.ParseJson(json) : await _reader.ReadConfigAsync(model!, cancellation);
        }
        catch (ServingException)
        {
            // The load itself says what is wrong.
            return;
        }

        try
        {
            await _ensembles.LoadPartsAsync(config, name, cancellation);
        }
        catch (ServingException exception)
        {
            throw NotRead(name, exception);
        }
    }

    private async Task UnloadWithPartsAsync(string name, bool withDependents, CancellationToken cancellation)
    {
        var parts = withDependents ? await _ensembles.OwnPartsAsync(name, _companions.Contains, cancellation) : [];
        await InTurnAsync(name, stop => UnloadInTurnAsync(name, stop));
        foreach (var part in parts)
        {
            // What somebody registered through the admin API stays his.
            if ((await _catalog.FindAsync(part, cancellation))?.Versions.All(version => version.IsFrom(_repositories)) is true)
                await InTurnAsync(part, stop => UnloadInTurnAsync(part, stop));
        }
    }

    private async Task LoadInTurnAsync(string name, ModelOverride? replacement, CancellationToken cancellation)
    {
        try
        {
            var config = replacement?.Config is { } json ? ModelConfigCodec.ParseJson(json) : null;
            if (replacement is { Files.Count: > 0 })
            {
                await LoadFilesAsync(name, config, replacement.Files, cancellation);
                return;
            }

            var scan = await _scanner.ScanAsync(name, cancellation);
            if (!scan.Models.TryGetValue(name, out var model))
                throw new ServingException(ServingError.NotFound, scan.Problems.GetValueOrDefault(name) ?? "there is no such directory in any model repository");
            await ApplyAsync(name, model, config, cancellation);
            _overrides.Use(name, null);
        }
        catch (ServingException exception) when (exception.Error != ServingError.Internal)
        {
            throw NotPolled(name, exception);
        }
    }

    private async Task LoadFilesAsync(string name, ModelConfig? config, IReadOnlyDictionary<string, byte[]> files, CancellationToken cancellation)
    {
        if (config is null)
            throw new ServingException(ServingError.InvalidArgument, "Load parameter 'config' must be specified for model file override");
        var model = await _overrides.WriteAsync(name, files, cancellation);
        try
        {
            await ApplyAsync(name, model, config, cancellation);
            _overrides.Use(name, model);
        }
        catch (ServingException)
        {
            OverrideFiles.Drop(model);
            throw;
        }
    }

    /// <summary>Reads and loads; every failure is an <see cref="ServingError.Internal"/> that begins with <c>failed to load</c>.</summary>
    private async Task ApplyAsync(string name, RepositoryModel model, ModelConfig? config, CancellationToken cancellation)
    {
        IReadOnlyList<string> failures;
        try
        {
            failures = await _loader.LoadAsync(await _reader.ReadAsync(model, config, cancellation), cancellation);
        }
        catch (ServingException exception) when (exception.Error != ServingError.Internal)
        {
            throw NotRead(name, exception);
        }

        if (failures.Count > 0)
            throw new ServingException(ServingError.Internal, $"failed to load '{name}', {string.Join("; ", failures)}");
    }

    private async Task UnloadInTurnAsync(string name, CancellationToken cancellation)
    {
        foreach (var definition in (await _catalog.FindAsync(name, cancellation))?.Versions ?? [])
        {
            if (!definition.IsFrom(_repositories))
                throw new ServingException(ServingError.Internal, $"failed to unload '{name}', version {definition.Version} does not come from a model repository; delete it through the admin API");
            await _loader.UnloadAsync(definition, cancellation);
        }

        _overrides.Use(name, null);
        _companions.Remove(name);
    }

    /// <summary>Deletes what an earlier process loaded and this one is not to.</summary>
    private async Task ForgetOthersAsync(IReadOnlyCollection<string> wanted, IReadOnlySet<string> unreadable, CancellationToken cancellation)
    {
        var keep = _options.KeepLoaded && _options.ControlMode == ModelControlMode.Explicit;
        foreach (var model in await _catalog.ListAsync(cancellation))
        {
            foreach (var definition in model.Versions.Where(definition => definition.IsFrom(_repositories) && !definition.IsFrom(unreadable)))
            {
                if (definition.IsCandidate() ? !_options.KeepLoaded : !keep && !wanted.Contains(model.Name))
                    await _loader.RemoveAsync(definition.Key, cancellation);
            }
        }
    }

    private async Task InTurnAsync(string name, Func<CancellationToken, Task> work)
    {
        var stop = _stopping.Token;
        var turn = _turns.GetOrAdd(name, static _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(stop);
        try
        {
            await work(stop);
        }
        finally
        {
            turn.Release();
        }
    }

    private void Fail(string name, string reason, ConcurrentBag<string> failures)
    {
        _states.Fail(name, reason);
        failures.Add(reason);
    }

    private ServingException NotRead(string name, ServingException why)
    {
        var failure = NotPolled(name, why);
        _states.Fail(name, why.Message);
        LogProblem(failure.Message);
        return failure;
    }

    private static ServingException NotPolled(string name, ServingException why) =>
        new(ServingError.Internal, $"failed to load '{name}', failed to poll from model repository: {why.Message}", why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "model repository: {Problem}")]
    private partial void LogProblem(string problem);
}
