using Granary.Serving.Formats.Triton.Config;

namespace Granary.Serving.Formats.Triton.Naming;

/// <summary>A tensor of a request or an answer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DataType">Element type.</param>
/// <param name="Shape">Sizes, the batch included.</param>
public readonly record struct ObservedTensor(string Name, DataType DataType, IReadOnlyList<long> Shape);
