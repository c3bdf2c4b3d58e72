using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Ensembles;

/// <summary>
/// Loads what ensembles need before they are loaded themselves, and tells what depends on what. It holds no turn while it waits for
/// another model's, so that ensembles which share models never wait for each other.
/// </summary>
/// <param name="catalog">Says what is loaded.</param>
/// <param name="scanner">Finds the models of the repositories.</param>
/// <param name="reader">Reads their configurations.</param>
/// <param name="load">Loads one model in its turn.</param>
internal sealed class EnsembleLoader(IModelCatalog catalog, RepositoryScanner scanner, RepositoryModelReader reader, Func<string, RepositoryModel, Task> load)
{
    /// <summary>Loads the models of an ensemble that are not loaded; nothing happens when the model is none.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: one of them cannot be loaded.</exception>
    public Task LoadPartsAsync(ModelConfig config, string name, CancellationToken cancellation) => LoadPartsAsync(config, [name], cancellation);

    /// <summary>Names of the ensembles among the models of the repositories.</summary>
    public async Task<IReadOnlyCollection<string>> NamesAsync(RepositoryScan scan, CancellationToken cancellation) => (await PartsAsync(scan, cancellation)).Keys;

    /// <summary>Names in an order in which no model comes before those that it needs; ensembles that need one of them are added.</summary>
    public async Task<IReadOnlyList<string>> OrderAsync(IReadOnlyCollection<string> changed, RepositoryScan scan, CancellationToken cancellation)
    {
        var parts = await PartsAsync(scan, cancellation);
        var all = new HashSet<string>(changed, StringComparer.Ordinal);
        while (parts.Any(pair => !all.Contains(pair.Key) && pair.Value.Any(all.Contains)))
            all.UnionWith(parts.Where(pair => pair.Value.Any(all.Contains)).Select(static pair => pair.Key).ToList());
        return [.. all.OrderBy(name => Depth(name, parts, 0)).ThenBy(static name => name, StringComparer.Ordinal)];
    }

    /// <summary>Names of the models that only this ensemble needs, its own ensembles' included, outermost first.</summary>
    /// <param name="name">The ensemble.</param>
    /// <param name="mayLeave">Says which models were not asked for by name; others stay, and what they need with them.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<IReadOnlyList<string>> OwnPartsAsync(string name, Func<string, bool> mayLeave, CancellationToken cancellation)
    {
        var all = await catalog.ListAsync(cancellation);
        var gone = new List<string> { name };
        for (var i = 0; i < gone.Count; i++)
        {
            var own = all.Where(model => model.Name == gone[i]).SelectMany(static model => model.Versions).SelectMany(EnsembleParts.PartsOf).Select(static part => part.Name);
            foreach (var part in own.Where(part => !gone.Contains(part) && mayLeave(part)).Distinct().ToList())
            {
                if (!all.Any(model => !gone.Contains(model.Name) && model.Versions.Any(version => EnsembleParts.PartsOf(version).Any(needed => needed.Name == part))))
                    gone.Add(part);
            }
        }

        return gone[1..];
    }

    private async Task<Dictionary<string, IReadOnlyList<string>>> PartsAsync(RepositoryScan scan, CancellationToken cancellation)
    {
        var parts = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (name, model) in scan.Models)
        {
            try
            {
                if (EnsembleParts.PartsOf(await reader.ReadConfigAsync(model, cancellation)) is { Count: > 0 } found)
                    parts[name] = [.. found.Select(static part => part.Name)];
            }
            catch (ServingException)
            {
                // Its own load says what is wrong.
            }
        }

        return parts;
    }

    // A circle has no depth; the load of one of its ensembles tells.
    private static int Depth(string name, Dictionary<string, IReadOnlyList<string>> parts, int above) =>
        above > parts.Count || !parts.TryGetValue(name, out var needed) ? 0 : 1 + needed.Max(part => Depth(part, parts, above + 1));

    private async Task LoadPartsAsync(ModelConfig config, IReadOnlyList<string> path, CancellationToken cancellation)
    {
        var missing = new List<string>();
        foreach (var part in EnsembleParts.PartsOf(config).Select(static part => part.Name).Distinct().ToList())
        {
            if (path.Contains(part))
                throw Wrong($"circular dependency between ensembles: {string.Join(" -> ", path.Append(part))}");
            if (await catalog.FindAsync(part, cancellation) is not null)
                continue;
            if ((await scanner.ScanAsync(part, cancellation)).Models.TryGetValue(part, out var model))
                await LoadPartAsync(path, part, model, cancellation);
            else
                missing.Add(part);
        }

        if (missing.Count > 0)
            throw Wrong($"ensemble {path[^1]} contains models that are not available: {string.Join(", ", missing)}");
    }

    private async Task LoadPartAsync(IReadOnlyList<string> path, string part, RepositoryModel model, CancellationToken cancellation)
    {
        try
        {
            await LoadPartsAsync(await reader.ReadConfigAsync(model, cancellation), [.. path, part], cancellation);
            await load(part, model);
        }
        catch (ServingException exception) when (!exception.Message.StartsWith("circular", StringComparison.Ordinal))
        {
            throw Wrong($"ensemble '{path[^1]}' depends on '{part}' which has no loaded version. Model '{part}' loading failed with error: {exception.Message}", exception);
        }
    }

    private static ServingException Wrong(string message, Exception? inner = null) => new(ServingError.InvalidArgument, message, inner);
}
