using Granary.Serving.Activations;
using Granary.Serving.Formats.Pickles;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Models;
using Granary.Serving.Weights;
using Granary.Torch;

namespace Granary.Serving.Formats;

/// <summary>Brings a model into memory: fetches the file, looks at what it is, makes room, and reads it the way that its kind needs.</summary>
internal sealed class ModelLoader(IWeightsStore store, IScriptModuleFactory factory, IInferenceRuntime runtime, ActivationHost host) : IModelLoader
{
    public async Task<ILoadedModel> LoadAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        if (definition.IsEnsemble())
            throw new ServingException(ServingError.Unsupported, $"model '{definition.Name}' is an ensemble; only the Open Inference protocol (V2) runs ensembles, name one of its models instead");
        using var lease = await store.AcquireAsync(definition.Source, new WeightsRequest(definition.Sha256, definition.Trusted), cancellation);
        return await LoadAsync(definition, lease, cancellation);
    }

    private async Task<ILoadedModel> LoadAsync(ModelDefinition definition, WeightsLease lease, CancellationToken cancellation)
    {
        var source = definition.Source.ToString();
        var archive = ArchiveSniffer.Sniff(lease.Path);
        Check(archive, lease.Path, definition.RequireTorchScript, source);
        var device = DeviceNames.Resolve(definition.Device, () => runtime.CudaDeviceCount);
        // The file is about as large as its parameters; the exact size is counted once it is read.
        if (device == "cpu")
            await host.Budget.MakeRoomAsync(definition.Key.ToString(), lease.Length, cancellation);
        var options = new ModuleOptions { Device = device, Optimize = definition.Optimize, IntraOpThreads = definition.IntraOpThreads };
        // Seconds of native work: on a thread of its own, not of the pool.
        return await Task.Factory.StartNew(() => Load(archive.Kind, lease, source, options), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static void Check(SniffedArchive archive, string path, bool requireTorchScript, string source)
    {
        if (archive.Kind == ArchiveKind.TorchScript)
            return;
        // The look at the start knows no more than that it is no model; what is wrong with the pickle takes reading it.
        if (archive.Kind is ArchiveKind.PickledValue or ArchiveKind.StateDict && !requireTorchScript)
            PickledModelReader.Read(path, ArchiveKind.PickledModule, source).Dispose();
        if (archive.Kind is not (ArchiveKind.PickledModule or ArchiveKind.LegacyTorch))
            throw FormatErrors.Of(archive, source);
        if (requireTorchScript)
            throw FormatErrors.NotTorchScript(archive, source);
    }

    private ILoadedModel Load(ArchiveKind kind, WeightsLease lease, string source, ModuleOptions options)
    {
        if (kind == ArchiveKind.TorchScript)
            return factory.Load(lease.Path, lease.Sha256, options);
        using var model = PickledModelReader.Read(lease.Path, kind, source);
        return factory.Build(model.Blueprint, lease.Sha256, options);
    }
}
