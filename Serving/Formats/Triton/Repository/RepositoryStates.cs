using System.Globalization;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>What this process did with each model and how it ended. Safe for concurrent use.</summary>
internal sealed class RepositoryStates
{
    private readonly Lock _sync = new();
    private readonly SortedDictionary<string, Model> _models = new(StringComparer.Ordinal);

    /// <summary>Notes the state of a version; forgets a failure of the model as a whole.</summary>
    public void Set(string name, string version, ModelReadyState state, string reason = "")
    {
        lock (_sync)
        {
            var model = Get(name);
            model.Failure = null;
            model.Versions[long.Parse(version, CultureInfo.InvariantCulture)] = (state, reason);
        }
    }

    /// <summary>Notes that a model could not even be read; versions that serve go on.</summary>
    public void Fail(string name, string reason)
    {
        lock (_sync)
            Get(name).Failure = reason;
    }

    /// <summary>Forgets a model that is gone.</summary>
    public void Forget(string name)
    {
        lock (_sync)
            _models.Remove(name);
    }

    /// <summary>Everything noted, by name and version.</summary>
    public IReadOnlyList<RepositoryIndexEntry> ToList()
    {
        lock (_sync)
        {
            return [.. _models.SelectMany(static pair => Describe(pair.Key, pair.Value))];
        }
    }

    private static IEnumerable<RepositoryIndexEntry> Describe(string name, Model model)
    {
        var versions = model.Versions.Select(version =>
            new RepositoryIndexEntry(name, version.Key.ToString(CultureInfo.InvariantCulture), version.Value.State, version.Value.Reason));
        return model.Failure is { } failure ? versions.Append(new RepositoryIndexEntry(name, null, ModelReadyState.Unavailable, failure)) : versions;
    }

    private Model Get(string name)
    {
        if (!_models.TryGetValue(name, out var model))
            _models[name] = model = new Model();
        return model;
    }

    private sealed class Model
    {
        public SortedDictionary<long, (ModelReadyState State, string Reason)> Versions { get; } = [];

        public string? Failure { get; set; }
    }
}
