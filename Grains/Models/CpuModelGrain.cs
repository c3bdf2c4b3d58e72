using Granary.Grains.Placement;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Granary.Grains.Models;

/// <summary>A model on the CPU. Prefers silos without a GPU; never moved while it lives; deactivates itself by its own idle time.</summary>
[Immovable]
[Reentrant]
[CollectionAgeLimit(AlwaysActive = true)]
[ModelPlacement(accelerator: false)]
internal sealed class CpuModelGrain(ModelGrainHost host) : ModelGrain(host), ICpuModelGrain
{
    public override bool OnAccelerator => false;
}

/// <summary>A model on a GPU. The filter leaves only silos that have one and room for it.</summary>
[Immovable]
[Reentrant]
[CollectionAgeLimit(AlwaysActive = true)]
[AcceleratorFilter]
[ModelPlacement(accelerator: true)]
internal sealed class GpuModelGrain(ModelGrainHost host) : ModelGrain(host), IGpuModelGrain
{
    public override bool OnAccelerator => true;
}
