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
        if (model?.Find(Activation.Key.Version) is not { } definition
            || !(ReferenceEquals(definition, Activation.Definition) || definition.SameContent(Activation.Definition)))
        {
            return false;
        }

        if (Activation.Instances != definition.Instances)
            Activation.Instances = definition.Instances;
        _seen = model;
        return true;
    }
}
