using Granary.Grains.Interfaces.Catalog;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Granary.Grains.Placement;

/// <summary>Leaves only silos whose metadata says <c>accelerator: cuda</c> and that report room for the weights.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class AcceleratorFilterAttribute() : PlacementFilterAttribute(new AcceleratorFilterStrategy());

/// <summary>The strategy; it carries no values, the director knows the rule.</summary>
public sealed class AcceleratorFilterStrategy() : PlacementFilterStrategy(order: 1);

/// <summary>
/// The built-in metadata filters compare with the calling silo's metadata, and a client has none; this one compares with what a
/// GPU model needs. A silo without a report yet is judged by its metadata alone.
/// </summary>
internal sealed class AcceleratorFilterDirector(ISiloMetadataCache metadata, SiloBoardWatch board, OrleansModelCatalog catalog) : IPlacementFilterDirector
{
    /// <summary>Metadata key of a silo: <c>cuda</c> or <c>none</c>.</summary>
    public const string MetadataKey = "accelerator";

    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var (key, _) = ReplicaKeys.Parse(target.GrainIdentity.Key.ToString()!);
        var bytes = catalog.Peek(key)?.MemoryBytes ?? 0;
        return silos.Where(silo => HasAccelerator(silo) && HasRoom(silo, bytes));
    }

    private bool HasAccelerator(SiloAddress silo) =>
        metadata.GetSiloMetadata(silo).Metadata.TryGetValue(MetadataKey, out var accelerator) && accelerator == SiloFitness.Cuda;

    private bool HasRoom(SiloAddress silo, long bytes) =>
        board.Find(silo.ToParsableString()) is not { } report || SiloFitness.CanHold(report, needsAccelerator: true, bytes);
}
