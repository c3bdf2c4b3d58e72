using Granary.Serving.Models;

namespace Granary.Api.Tests.Admin;

/// <summary>Definitions for tests.</summary>
internal static class Samples
{
    public const string Source = "huggingface/owner/name:model.pt";

    public static ModelDefinition Definition(string name, string version) => new()
    {
        Name = name,
        Version = version,
        Source = new ModelId(ModelSourceKind.HuggingFace, "owner/name", null, "model.pt"),
    };
}
