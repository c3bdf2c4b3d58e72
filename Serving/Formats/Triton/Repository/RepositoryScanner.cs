using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>What all repositories hold at one moment.</summary>
/// <param name="Models">By name.</param>
/// <param name="Problems">Directories that cannot be models, by name, with why.</param>
/// <param name="Unreadable">Ids of the repositories that could not be read.</param>
internal sealed record RepositoryScan(
    IReadOnlyDictionary<string, RepositoryModel> Models,
    IReadOnlyDictionary<string, string> Problems,
    IReadOnlySet<string> Unreadable);

/// <summary>Looks through repositories.</summary>
internal sealed class RepositoryScanner(IReadOnlyList<IRepositoryStore> stores)
{
    /// <summary>Looks for one model, or for all; a repository that cannot be read does not hide the others.</summary>
    public async Task<RepositoryScan> ScanAsync(string? model, CancellationToken cancellation)
    {
        var models = new Dictionary<string, RepositoryModel>(StringComparer.Ordinal);
        var problems = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var unreadable = new HashSet<string>(StringComparer.Ordinal);
        foreach (var store in stores)
        {
            IReadOnlyList<RepositoryFile> files;
            try
            {
                files = await store.ListAsync(model, cancellation).ConfigureAwait(false);
            }
            catch (ServingException error) when (error.Error == ServingError.SourceFailed)
            {
                unreadable.Add(store.Id);
                continue;
            }

            foreach (var folder in files.GroupBy(static file => file.Path.Split('/')[0], StringComparer.Ordinal))
                Add(folder.Key, new RepositoryModel(folder.Key, store, folder), models, problems);
        }

        return new RepositoryScan(models, problems, unreadable);
    }

    private static void Add(string name, RepositoryModel found, Dictionary<string, RepositoryModel> models, SortedDictionary<string, string> problems)
    {
        if (found.OnlyFault is { } fault)
            problems[name] = $"'{name}' {fault}";
        else if (!found.IsModel)
            problems.TryAdd(name, $"directory '{name}' is no model: it has neither config.pbtxt nor a version directory with files");
        else if (!ModelNames.IsValid(name))
            problems[name] = $"directory '{name}' cannot be a model: names have 1 to 128 letters, digits or _ - . beginning with a letter or digit";
        else if (models.Remove(name) || problems.TryGetValue(name, out var before) && before.EndsWith(NotUnique, StringComparison.Ordinal))
            problems[name] = $"failed to poll model '{name}'{NotUnique}";
        else
            models[name] = found;
    }

    private const string NotUnique = ": not unique across all model repositories";
}
