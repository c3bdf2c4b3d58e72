using Granary.Serving.Models;

namespace Granary.Hosting.Startup;

/// <summary>The model that the operator names at start; it becomes the catalog's <see cref="Name"/>.</summary>
/// <param name="Source">Where its weights are.</param>
/// <param name="RequireTorchScript">Only TorchScript archives are accepted (<c>USE_JIT=true</c>).</param>
/// <param name="NamedBy">The variable that named it, for messages.</param>
internal sealed record StartupModel(ModelId Source, bool RequireTorchScript, string NamedBy)
{
    /// <summary>The catalog name of the default model.</summary>
    public const string Name = "default";
}
