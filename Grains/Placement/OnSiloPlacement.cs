using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Granary.Grains.Placement;

/// <summary>The grain lives on the silo that its key names, and nowhere else.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OnSiloPlacementAttribute() : PlacementAttribute(new OnSiloPlacement());

/// <summary>The strategy.</summary>
internal sealed class OnSiloPlacement : PlacementStrategy;

/// <summary>Finds the silo that the key names among those that live.</summary>
internal sealed class OnSiloPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var wanted = SiloAddress.FromParsableString(target.GrainIdentity.Key.ToString()!);
        return context.GetCompatibleSilos(target).Contains(wanted)
            ? Task.FromResult(wanted)
            : throw new ServingException(ServingError.Unavailable, "the silo of this grain is gone");
    }
}
