using Granary.Serving.Activations;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Formats.Pickles;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Models;
using Granary.Serving.Weights;
using Granary.Torch;

namespace Granary.Serving.Formats;

/// <summary>Brings a model into memory: fetches the file, looks at what it is, makes room, and reads it the way that its kind needs.</summary>
internal sealed class ModelLoader(IWeightsStore store, IScriptModuleFactory factory, IInferenceRuntime runtime, ActivationHost host, ScratchFiles scratch) : IModelLoader
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
        // Seconds of native work and of unpacking: on threads of their own, not of the pool.
        using var unpacked = await Task.Factory.StartNew(() => Unpack(definition, lease, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var model = await LoadAsync(definition, unpacked, lease.Sha256, cancellation);
        return unpacked.Files.Count == 0 ? model : new ModelWithFiles(model, unpacked.Files);
    }

    private UnpackedModel Unpack(ModelDefinition definition, WeightsLease lease, CancellationToken cancellation) =>
        UnpackedModel.IsArchive(ArchiveSniffer.Sniff(lease.Path).Kind, definition.Source)
            ? UnpackedModel.OfArchive(definition, lease.Path, scratch, cancellation)
            : UnpackedModel.OfFile(definition, lease);

    private async Task<ILoadedModel> LoadAsync(ModelDefinition definition, UnpackedModel file, string sha256, CancellationToken cancellation)
    {
        var source = definition.Source.ToString();
        var archive = ArchiveSniffer.Sniff(file.Path);
        Check(archive, file.Path, definition.RequireTorchScript, source);
        var device = DeviceNames.Resolve(definition.Device, () => runtime.CudaDeviceCount);
        // The file is about as large as its parameters; the exact size is counted once it is read.
        if (device == "cpu")
            await host.Budget.MakeRoomAsync(definition.Key.ToString(), file.Length, cancellation);
        var options = new ModuleOptions { Device = device, Optimize = definition.Optimize, IntraOpThreads = definition.IntraOpThreads };
        return await Task.Factory.StartNew(() => Load(archive.Kind, file.Path, sha256, source, options), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
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

    private ILoadedModel Load(ArchiveKind kind, string path, string sha256, string source, ModuleOptions options)
    {
        if (kind == ArchiveKind.TorchScript)
            return factory.Load(path, sha256, options);
        using var model = PickledModelReader.Read(path, kind, source);
        return factory.Build(model.Blueprint, sha256, options);
    }
}
