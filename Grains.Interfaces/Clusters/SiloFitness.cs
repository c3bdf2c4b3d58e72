using Granary.Grains.Interfaces.Contracts;

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>
/// Which silos may hold a model, and how many of them do. One rule for the placement director, which chooses, and for
/// clients, which use it to say at once what is missing.
/// </summary>
public static class SiloFitness
{
    /// <summary>The value of <see cref="SiloReport.Accelerator"/> of a silo with an NVIDIA GPU.</summary>
    public const string Cuda = "cuda";

    /// <summary>Whether a definition may run on a CPU silo.</summary>
    public static bool NeedsAccelerator(ModelDefinition definition) => definition.Device.StartsWith(Cuda, StringComparison.Ordinal);

    /// <summary>Whether the silo can take the model: reachable, accepting, with the accelerator and the room it needs.</summary>
    /// <param name="silo">What it reported.</param>
    /// <param name="needsAccelerator">Whether the model needs a GPU.</param>
    /// <param name="bytes">Memory it needs on its device; 0 when unknown.</param>
    public static bool CanHold(SiloReport silo, bool needsAccelerator, long bytes) =>
        silo.Accepting
        && (!needsAccelerator || silo.Accelerator == Cuda)
        && bytes <= (needsAccelerator ? silo.FreeAcceleratorBytes : silo.FreeMemoryBytes);

    /// <summary>Over how many activations a number of instances is spread: one a suitable silo, and no more than there are instances.</summary>
    public static int Replicas(IReadOnlyCollection<SiloReport> silos, int instances, bool needsAccelerator) =>
        Math.Max(1, Math.Min(instances, silos.Count(silo => CanHold(silo, needsAccelerator, 0))));

    /// <summary>The instances of each of these activations, rounded up; 0, as many as a host has cores, stays 0.</summary>
    public static int Share(int instances, int replicas) => (instances + replicas - 1) / replicas;

    /// <summary>Why no silo can hold the model, in one sentence for the caller; null when one can.</summary>
    public static string? Missing(IReadOnlyCollection<SiloReport> silos, ModelKey key, bool needsAccelerator, long bytes)
    {
        if (silos.Any(silo => CanHold(silo, needsAccelerator, bytes)))
            return null;
        if (silos.Count == 0)
            return $"model '{key}' cannot be placed: no silo has reported; start one, or wait until it has joined";
        if (needsAccelerator && silos.All(silo => silo.Accelerator != Cuda))
            return $"model '{key}' needs a GPU (device cuda) and none of the {silos.Count} silos has one; add a silo with accelerator: cuda";
        if (silos.All(silo => !silo.Accepting))
            return $"model '{key}' cannot be placed: all {silos.Count} silos are draining or saturated; try again shortly";
        var most = silos.Max(silo => needsAccelerator ? silo.FreeAcceleratorBytes : silo.FreeMemoryBytes);
        return $"model '{key}' needs {bytes:N0} bytes of {(needsAccelerator ? "GPU " : "")}memory and the silo with most room has {most:N0}";
    }
}
