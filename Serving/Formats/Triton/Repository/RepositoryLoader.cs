using Granary.Serving.Clusters;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Models;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>
/// Brings the catalog and the cluster to what a plan says. A version that changed is tried under a name of its own first, so that the
/// one that serves goes on when the new one cannot be loaded.
/// </summary>
internal sealed partial class RepositoryLoader(IModelCatalog catalog, IModelCluster cluster, RepositoryStates states, IReadOnlySet<string> repositories, EnsembleChecker ensembles, ILogger logger)
{
    private const int CandidateNameLength = 96;

    /// <summary>Loads every version of a plan and lets go of the others.</summary>
    /// <returns>What failed, one sentence each.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.AlreadyExists"/>: the name belongs to somebody else.</exception>
    public async Task<IReadOnlyList<string>> LoadAsync(LoadPlan plan, CancellationToken cancellation)
    {
        foreach (var warning in plan.Warnings)
            LogWarning(warning);
        var name = plan.Config.Name;
        var current = await catalog.FindAsync(name, cancellation);
        if (current?.Versions.FirstOrDefault(version => !version.IsFrom(repositories)) is { } foreign)
            throw new ServingException(ServingError.AlreadyExists, $"model '{foreign.Key}' is in the catalog but not from a model repository; delete it first or rename the directory");
        var failures = new List<string>();
        ModelDefinition? newest = null;
        foreach (var definition in plan.Definitions)
        {
            if (await TryLoadAsync(plan, definition, current?.Find(definition.Version), failures, cancellation))
                newest = definition;
        }

        if (newest is null)
            return failures;
        await catalog.SetDefaultAsync(newest.Key, cancellation);
        foreach (var old in current?.Versions.Where(old => plan.Definitions.All(definition => definition.Version != old.Version)) ?? [])
            await UnloadAsync(old, cancellation);
        return failures;
    }

    /// <summary>Deletes a version and frees its memory after its running calls.</summary>
    public async Task UnloadAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        states.Set(definition.Name, definition.Version, ModelReadyState.Unloading);
        await RemoveAsync(definition.Key, cancellation);
        states.Set(definition.Name, definition.Version, ModelReadyState.Unavailable, "unloaded");
        LogUnloaded(definition.Key);
    }

    /// <summary>Deletes a key without a word.</summary>
    public async Task RemoveAsync(ModelKey key, CancellationToken cancellation)
    {
        await catalog.DeleteAsync(key, cancellation);
        try
        {
            await cluster.UnloadAsync(key, cancellation);
        }
        catch (ServingException exception) when (exception.Error == ServingError.NotFound)
        {
            // A cluster may refuse keys that the catalog no longer holds; then nothing of it is in memory.
        }
    }

    private async Task<bool> TryLoadAsync(LoadPlan plan, ModelDefinition definition, ModelDefinition? before, List<string> failures, CancellationToken cancellation)
    {
        var (name, version) = definition.Key;
        try
        {
            if (definition.IsEnsemble())
            {
                await ensembles.CheckAsync(plan.Config, cancellation);
                await PutEnsembleAsync(definition, cancellation);
            }
            else if (before is null)
            {
                states.Set(name, version, ModelReadyState.Loading);
                await LoadNewAsync(plan, definition, cancellation);
            }
            else if (!before.SameContent(definition))
            {
                await ReplaceAsync(plan, definition, before, cancellation);
            }
            else if (!await IsReadyAsync(definition.Key, cancellation))
            {
                await LoadAndWarmAsync(plan, definition, cancellation);
            }

            states.Set(name, version, ModelReadyState.Ready);
            LogLoaded(definition.Key);
            return true;
        }
        catch (ServingException exception)
        {
            var reason = SourceText.Hide(exception.Message, definition);
            failures.Add($"version {version}: {reason}");
            // Where the version still serves as before, the catalog says so.
            states.Set(name, version, ModelReadyState.Unavailable, reason);
            LogFailed(definition.Key, reason);
            return false;
        }
    }

    /// <summary>An ensemble is nothing in memory; a model whose place it takes leaves it.</summary>
    private async Task PutEnsembleAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        var before = (await catalog.FindAsync(definition.Name, cancellation))?.Find(definition.Version);
        if (before is null)
        {
            await catalog.RegisterAsync(definition, cancellation: cancellation);
            return;
        }

        await catalog.ReplaceAsync(definition, cancellation);
        if (!before.IsEnsemble())
            await cluster.UnloadAsync(definition.Key, cancellation);
    }

    private async Task LoadNewAsync(LoadPlan plan, ModelDefinition definition, CancellationToken cancellation)
    {
        await catalog.RegisterAsync(definition, cancellation: cancellation);
        try
        {
            await LoadAndWarmAsync(plan, definition, cancellation);
        }
        catch
        {
            await RemoveAsync(definition.Key, CancellationToken.None);
            throw;
        }
    }

    private async Task ReplaceAsync(LoadPlan plan, ModelDefinition definition, ModelDefinition before, CancellationToken cancellation)
    {
        if (before.IsEnsemble() || !await IsReadyAsync(definition.Key, cancellation))
        {
            // Its file is gone or another one: there is nothing left to keep.
            await RemoveAsync(definition.Key, cancellation);
            await LoadNewAsync(plan, definition, cancellation);
            return;
        }

        var shortened = definition.Name.Length > CandidateNameLength ? definition.Name[..CandidateNameLength] : definition.Name;
        var candidate = definition.AsCandidate($"{shortened}.candidate-{Guid.NewGuid().ToString("N")[..8]}");
        await catalog.RegisterAsync(candidate, cancellation: cancellation);
        try
        {
            await LoadAndWarmAsync(plan, candidate, cancellation);
        }
        finally
        {
            await RemoveAsync(candidate.Key, CancellationToken.None);
        }

        await catalog.ReplaceAsync(definition, cancellation);
        await LoadAndWarmAsync(plan, definition, cancellation);
    }

    private async Task<bool> IsReadyAsync(ModelKey key, CancellationToken cancellation) =>
        (await cluster.GetStatusAsync(key, cancellation)).State == ModelState.Ready;

    private async Task LoadAndWarmAsync(LoadPlan plan, ModelDefinition definition, CancellationToken cancellation)
    {
        var status = await cluster.LoadAsync(definition.Key, cancellation);
        await new RepositoryWarmUp(plan, cluster).RunAsync(definition.Key, status.Methods, LogWarning, cancellation);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} was loaded from its repository.")]
    private partial void LogLoaded(ModelKey model);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} left its repository or was unloaded.")]
    private partial void LogUnloaded(ModelKey model);

    [LoggerMessage(Level = LogLevel.Error, Message = "failed to load {Model}: {Reason}")]
    private partial void LogFailed(ModelKey model, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private partial void LogWarning(string warning);
}
