using Granary.Grains.Interfaces.Contracts;
using Orleans.Concurrency;

namespace Granary.Grains.Interfaces;

/// <summary>
/// One activation of one model version; the key is <c>name/version</c> for the first and <c>name/version#n</c> for the others.
/// Activating starts the load, calls wait for it. Every method may overlap every other.
/// </summary>
[Alias("granary.IModelGrain")]
public interface IModelGrain : IGrainWithStringKey
{
    /// <summary>Runs one method of the model.</summary>
    [AlwaysInterleave]
    [ResponseTimeout("01:00:00")]
    [Alias("Infer")]
    Task<InferReply> InferAsync(InferCall call, CancellationToken cancellation);

    /// <summary>Waits until the model is loaded and warm.</summary>
    [AlwaysInterleave]
    [ResponseTimeout("01:00:00")]
    [Alias("Load")]
    Task<ModelStatus> LoadAsync(long callId, CancellationToken cancellation);

    /// <summary>
    /// Whether a call is still here. A client is not told when the silo dies that a call was sent on to; this tells it: the next
    /// activation does not have the call.
    /// </summary>
    [AlwaysInterleave]
    [ResponseTimeout("00:00:02")]
    [Alias("Holds")]
    Task<bool> HoldsAsync(long callId);

    /// <summary>Finishes running calls, gives the memory back and deactivates.</summary>
    /// <returns>False when it was not loaded.</returns>
    [AlwaysInterleave]
    [ResponseTimeout("00:05:00")]
    [Alias("Unload")]
    Task<bool> UnloadAsync();

    /// <summary>Exempts the activation from idle unloading and eviction, or ends that.</summary>
    [AlwaysInterleave]
    [Alias("Pin")]
    Task<ModelStatus> PinAsync(bool pinned);

    /// <summary>Changes how many calls this activation may run at once; 0 for as many as its silo has cores.</summary>
    [AlwaysInterleave]
    [Alias("Scale")]
    Task<ModelStatus> ScaleAsync(int instances);

    /// <summary>What the activation looks like now.</summary>
    [AlwaysInterleave]
    [Alias("GetStatus")]
    Task<ModelStatus> GetStatusAsync();
}

/// <summary>A model that runs on the CPU; prefers silos without an accelerator.</summary>
[Alias("granary.ICpuModelGrain")]
public interface ICpuModelGrain : IModelGrain;

/// <summary>A model that runs on a GPU; placed only on silos whose metadata says <c>accelerator: cuda</c>.</summary>
[Alias("granary.IGpuModelGrain")]
public interface IGpuModelGrain : IModelGrain;
