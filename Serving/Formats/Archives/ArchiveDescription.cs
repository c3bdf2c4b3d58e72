using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>An archive as a definition.</summary>
/// <param name="Definition">Valid; its source is the archive, or for a directory the weights in it.</param>
/// <param name="Settings">What counted, of all that was said: nothing in it is null that has a default in TorchServe.</param>
/// <param name="Warnings">A sentence for each thing that is in the archive and has no meaning here.</param>
public sealed record ArchiveDescription(ModelDefinition Definition, ArchiveOverrides Settings, IReadOnlyList<string> Warnings);
