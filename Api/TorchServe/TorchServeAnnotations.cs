using Granary.Serving.Formats.Archives;
using Granary.Serving.Models;

namespace Granary.Api.TorchServe;

/// <summary>What a definition that was registered through this protocol carries, besides <see cref="ArchiveAnnotations"/>.</summary>
internal static class TorchServeAnnotations
{
    /// <summary>Set where it was loaded because the operator named it.</summary>
    public const string AtStartup = ArchiveAnnotations.Prefix + "atStartup";

    /// <summary>Whether a definition was registered through this protocol.</summary>
    public static bool IsTorchServe(this ModelDefinition definition) => definition.Annotations.ContainsKey(ArchiveAnnotations.Url);

    /// <summary>Whether a definition was registered through this protocol and scaled to nothing.</summary>
    public static bool HasNoWorkers(this ModelDefinition definition) => definition.Instances == 0 && definition.IsTorchServe();

    /// <summary>How many workers a definition means: as many as cores where it does not say.</summary>
    public static int WorkerCount(this ModelDefinition definition) =>
        definition.Instances > 0 || definition.IsTorchServe() ? definition.Instances : Environment.ProcessorCount;

    /// <summary>What was registered, as a text.</summary>
    public static string UrlText(this ModelDefinition definition) => definition.Annotations.TryGetValue(ArchiveAnnotations.Url, out var url) ? url : definition.Source.ToString();

    /// <summary>A whole number among the annotations.</summary>
    public static int Number(this ModelDefinition definition, string name, int otherwise) =>
        definition.Annotations.TryGetValue(name, out var text) && int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
