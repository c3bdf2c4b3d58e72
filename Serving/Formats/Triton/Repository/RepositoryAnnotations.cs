using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>What a definition from a repository carries, so that every process that reads the catalog can describe the model.</summary>
internal static class RepositoryAnnotations
{
    /// <summary>The normalised configuration as JSON.</summary>
    public const string Config = "triton.config";

    /// <summary><see cref="IRepositoryStore.Id"/>.</summary>
    public const string Repository = "triton.repository";

    /// <summary>The models of an ensemble: <c>name</c> or <c>name/version</c>, a space between two. What has this has no weights.</summary>
    public const string Ensemble = "triton.ensemble";

    /// <summary><see cref="RepositoryFile.Stamp"/> of a file whose hash only its source can tell: another file is another definition.</summary>
    public const string Stamp = "triton.stamp";

    /// <summary>Set while a changed model is tried under another name.</summary>
    public const string Candidate = "triton.candidate";

    public static ModelDefinition With(this ModelDefinition definition, IRepositoryStore store, ModelConfig config) => definition with
    {
        Annotations = Describe(store, config),
    };

    public static ModelDefinition WithStamp(this ModelDefinition definition, string stamp) => definition with
    {
        Annotations = new Dictionary<string, string>(definition.Annotations) { [Stamp] = stamp },
    };

    public static ModelDefinition AsCandidate(this ModelDefinition definition, string name) => definition with
    {
        Name = name,
        Annotations = new Dictionary<string, string>(definition.Annotations) { [Candidate] = definition.Name },
    };

    public static bool IsCandidate(this ModelDefinition definition) => definition.Annotations.ContainsKey(Candidate);

    /// <summary>Whether one of these repositories keeps the definition.</summary>
    public static bool IsFrom(this ModelDefinition definition, IReadOnlySet<string> repositories) =>
        definition.Annotations.TryGetValue(Repository, out var id) && repositories.Contains(id);

    private static Dictionary<string, string> Describe(IRepositoryStore store, ModelConfig config)
    {
        var annotations = new Dictionary<string, string> { [Config] = ModelConfigCodec.ToJson(config), [Repository] = store.Id };
        if (config.EnsembleScheduling is not null)
            annotations[Ensemble] = EnsembleParts.Write(config);
        return annotations;
    }
}
