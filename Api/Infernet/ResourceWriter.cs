using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Granary.Serving.Models;

namespace Granary.Api.Infernet;

/// <summary>Writes host and models in the schema of infernet-monorepo's <c>utils/spec.py</c> (service version 0.1.0).</summary>
internal static class ResourceWriter
{
    /// <summary>An object without its closing brace, so that the caller can add what changes faster.</summary>
    public static byte[] Write(CpuFacts cpu, IReadOnlyList<DiskFacts> disks, GpuInventory? gpus, EngineFacts? engine, IReadOnlyList<CachedModel> models)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("version"u8, "0.1.0"u8);
            json.WriteString("service_id"u8, "torch-inference-service"u8);
            json.WriteStartArray("hardware_capabilities"u8);
            WriteBase(json, cpu, disks);
            if (gpus is not null)
                WriteGpus(json, gpus);
            json.WriteEndArray();
            json.WriteStartArray("compute_capability"u8);
            WriteTorch(json, engine, models);
            json.WriteEndArray();
            WriteDeterminism(json, cpu, engine);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan[..^1].ToArray();
    }

    private static void WriteBase(Utf8JsonWriter json, CpuFacts cpu, IReadOnlyList<DiskFacts> disks)
    {
        json.WriteStartObject();
        json.WriteString("capability_id"u8, "base"u8);
        json.WriteStartObject("os_info"u8);
        json.WriteString("name"u8, OperatingSystem.IsLinux() ? "Linux" : OperatingSystem.IsMacOS() ? "Darwin" : "Windows");
        json.WriteString("version"u8, RuntimeInformation.OSDescription);
        json.WriteEndObject();
        json.WriteStartObject("cpu_info"u8);
        json.WriteString("model"u8, cpu.Model);
        json.WriteString("architecture"u8, cpu.Architecture);
        json.WriteString("byte_order"u8, BitConverter.IsLittleEndian ? "Little Endian"u8 : "Big Endian"u8);
        json.WriteString("vendor_id"u8, cpu.VendorId);
        json.WriteNumber("num_cores"u8, cpu.Cores.Count);
        json.WriteStartArray("cores"u8);
        foreach (var core in cpu.Cores)
        {
            json.WriteStartObject();
            json.WriteNumber("id"u8, core.Id);
            json.WriteNumber("frequency"u8, core.Frequency);
            json.WriteNull("max_frequency"u8);
            json.WriteNull("min_frequency"u8);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("disk_info"u8);
        foreach (var disk in disks)
            WriteDisk(json, disk);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDisk(Utf8JsonWriter json, DiskFacts disk)
    {
        json.WriteStartObject();
        json.WriteString("filesystem"u8, disk.FileSystem);
        json.WriteString("mount_point"u8, disk.MountPoint);
        json.WriteNumber("size"u8, disk.Size);
        json.WriteNumber("used"u8, disk.Used);
        json.WriteNumber("available"u8, disk.Available);
        json.WriteEndObject();
    }

    private static void WriteGpus(Utf8JsonWriter json, GpuInventory gpus)
    {
        json.WriteStartObject();
        json.WriteString("capability_id"u8, "gpu"u8);
        json.WriteString("driver_version"u8, gpus.DriverVersion);
        json.WriteString("cuda_version"u8, gpus.CudaVersion);
        json.WriteStartArray("gpu_info"u8);
        foreach (var gpu in gpus.Devices)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, gpu.Name);
            json.WriteNumber("memory_total"u8, gpu.TotalBytes);
            json.WriteNumber("memory_used"u8, gpu.FreeBytes is { } free ? gpu.TotalBytes - free : 0);
            json.WriteNumber("cuda_device_id"u8, gpu.Index);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTorch(Utf8JsonWriter json, EngineFacts? engine, IReadOnlyList<CachedModel> models)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, "ml"u8);
        json.WriteString("type"u8, "torch"u8);
        json.WriteStartArray("task"u8);
        json.WriteEndArray();
        json.WriteStartArray("models"u8);
        json.WriteEndArray();
        json.WriteStartArray("cached_models"u8);
        foreach (var model in models)
            WriteModel(json, model);
        json.WriteEndArray();
        json.WriteString("inference_engine"u8, engine is null ? null : "libtorch");
        json.WriteString("inference_engine_version"u8, engine?.Version);
        json.WriteEndObject();
    }

    /// <summary>Ours: by it operators see whether two nodes give the same bytes.</summary>
    private static void WriteDeterminism(Utf8JsonWriter json, CpuFacts cpu, EngineFacts? engine)
    {
        json.WriteStartObject("determinism"u8);
        json.WriteString("cpu_model"u8, cpu.Model);
        json.WriteString("cpu_capability"u8, engine?.CpuCapability);
        json.WriteString("libtorch"u8, engine?.Version);
        json.WriteString("blas"u8, engine?.Blas);
        json.WriteString("engine"u8, engine?.Description);
        json.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter json, CachedModel model)
    {
        // A path on this host is nobody's business; its last part says which model it is.
        var isLocal = model.Source.Source == ModelSourceKind.Local;
        var repository = isLocal ? "local/" + Path.GetFileName(model.Source.Repository) : $"{ModelSourceKinds.Name(model.Source.Source)}/{model.Source.Repository}";
        var file = model.Source.File ?? Path.GetFileName(model.Source.Repository);
        json.WriteStartObject();
        json.WriteString("type"u8, "ModelArtifact"u8);
        json.WriteStartObject("manifest"u8);
        json.WriteStartArray("files"u8);
        json.WriteStringValue(file);
        json.WriteEndArray();
        json.WriteStartObject("metadata"u8);
        json.WriteEndObject();
        json.WriteString("artifact_type"u8, "ModelArtifact"u8);
        json.WriteStartObject("file_hashes"u8);
        if (model.Sha256 is not null)
            json.WriteString(file, model.Sha256);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteString("repo_id"u8, repository);
        json.WriteEndObject();
    }
}
