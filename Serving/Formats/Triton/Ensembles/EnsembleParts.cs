using System.Globalization;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Ensembles;

/// <summary>One model that an ensemble needs.</summary>
/// <param name="Name">The model.</param>
/// <param name="Version">Decimal; empty for the newest that serves.</param>
internal readonly record struct EnsemblePart(string Name, string Version)
{
    /// <summary>What a step asks for.</summary>
    public static EnsemblePart Of(EnsembleStep step) =>
        new(step.ModelName, step.ModelVersion > 0 ? step.ModelVersion.ToString(CultureInfo.InvariantCulture) : "");

    /// <summary>Why an ensemble cannot do without it, in Triton's words.</summary>
    public string Missing(string ensemble) => Version.Length == 0
        ? $"ensemble '{ensemble}' depends on '{Name}' which has no loaded version"
        : $"ensemble '{ensemble}' depends on '{Name}' whose required version {Version} is not loaded";
}

/// <summary>The models of an ensemble, as its definition carries them: whoever reads the catalog sees them without its configuration.</summary>
internal static class EnsembleParts
{
    /// <summary>Whether the definition has no weights of its own.</summary>
    public static bool IsEnsemble(this ModelDefinition definition) => definition.Annotations.ContainsKey(RepositoryAnnotations.Ensemble);

    /// <summary>The models of an ensemble; empty for any other.</summary>
    public static IReadOnlyList<EnsemblePart> PartsOf(ModelDefinition definition) => definition.Annotations.TryGetValue(RepositoryAnnotations.Ensemble, out var text)
        ? [.. text.Split(' ').Select(static part => part.Split('/')).Select(static part => new EnsemblePart(part[0], part.Length > 1 ? part[1] : ""))]
        : [];

    /// <summary>The models of a configuration, each once; empty when it is no ensemble.</summary>
    public static IReadOnlyList<EnsemblePart> PartsOf(ModelConfig config) =>
        config.EnsembleScheduling is { } scheduling ? [.. scheduling.Step.Select(EnsemblePart.Of).Distinct()] : [];

    /// <summary>The annotation; names hold neither space nor slash.</summary>
    public static string Write(ModelConfig config) =>
        string.Join(' ', PartsOf(config).Select(static part => part.Version.Length == 0 ? part.Name : $"{part.Name}/{part.Version}"));
}
