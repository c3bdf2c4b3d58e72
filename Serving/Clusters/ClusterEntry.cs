using Granary.Serving.Activations;
using Granary.Serving.Models;

namespace Granary.Serving.Clusters;

/// <summary>One line of the activation table.</summary>
internal sealed class ClusterEntry(ModelActivation activation, CatalogModel? seen)
{
    private CatalogModel? _seen = seen;

    public ModelActivation Activation { get; } = activation;

    /// <summary>Whether the catalog's model, given as it is now, still holds the definition that this entry serves.</summary>
    public bool IsCurrent(CatalogModel? model)
    {
        // The catalog hands out the same record until something changes: one comparison on the hot path.
        if (ReferenceEquals(model, _seen))
            return true;
        if (model?.Find(Activation.Key.Version) is not { } definition || !IsSame(definition, Activation.Definition))
            return false;
        _seen = model;
        return true;
    }

    // Records compare their lists by reference, so a catalog that was read anew differs from the one before: compare what they hold.
    private static bool IsSame(ModelDefinition left, ModelDefinition right) => ReferenceEquals(left, right)
        || (left with { Inputs = right.Inputs, Outputs = right.Outputs } == right && AreSame(left.Inputs, right.Inputs) && AreSame(left.Outputs, right.Outputs));

    private static bool AreSame(IReadOnlyList<TensorSpec> left, IReadOnlyList<TensorSpec> right) => left.Count == right.Count
        && left.Zip(right).All(pair => pair.First.Name == pair.Second.Name && pair.First.DType == pair.Second.DType && pair.First.Shape.SequenceEqual(pair.Second.Shape));
}
