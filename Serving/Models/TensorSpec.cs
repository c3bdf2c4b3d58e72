using Granary.Torch;

namespace Granary.Serving.Models;

/// <summary>What a definition says of one input or output tensor.</summary>
/// <param name="Name">The wire name.</param>
/// <param name="DType">Element type.</param>
/// <param name="Shape">Sizes, outermost first; -1 for any.</param>
public sealed record TensorSpec(string Name, DType DType, IReadOnlyList<long> Shape)
{
    /// <summary>Names of the classes that the last dimension counts, for classifications; null when there are none.</summary>
    public IReadOnlyList<string>? Labels { get; init; }
}
