using Granary.Serving.Activations;
using Granary.Serving.Models;
using Granary.Serving.Weights;
using Granary.Torch;

namespace Granary.Serving.Formats;

/// <summary>Brings a TorchScript module into memory: fetches the file, looks at what it is, makes room, reads it.</summary>
internal sealed class TorchScriptLoader(IWeightsStore store, IScriptModuleFactory factory, IInferenceRuntime runtime, ActivationHost host) : IModelLoader
{
    public async Task<ILoadedModel> LoadAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        using var lease = await store.AcquireAsync(definition.Source, new WeightsRequest(definition.Sha256, definition.Trusted), cancellation);
        return await LoadAsync(definition, lease, cancellation);
    }

    private async Task<ILoadedModel> LoadAsync(ModelDefinition definition, WeightsLease lease, CancellationToken cancellation)
    {
        var archive = ArchiveSniffer.Sniff(lease.Path);
        if (archive.Kind != ArchiveKind.TorchScript)
            throw FormatErrors.Of(archive, definition.Source.ToString());
        var device = DeviceNames.Resolve(definition.Device, () => runtime.CudaDeviceCount);
        // The file is about as large as its parameters; the exact size is counted once it is read.
        if (device == "cpu")
            await host.Budget.MakeRoomAsync(definition.Key.ToString(), lease.Length, cancellation);
        var options = new ModuleOptions { Device = device, Optimize = definition.Optimize };
        // Seconds of native work: on a thread of its own, not of the pool.
        return await Task.Factory.StartNew(() => factory.Load(lease.Path, lease.Sha256, options), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
