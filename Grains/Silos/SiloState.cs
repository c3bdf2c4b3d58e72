using Granary.Serving.Activations;
using Granary.Serving.Devices;
using Granary.Torch;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Granary.Grains.Silos;

/// <summary>What this silo is and whether it takes more: for the board, for probes.</summary>
public sealed class SiloState(
    IModelMetrics metrics,
    IAcceleratorProbe accelerators,
    IConfiguration configuration,
    IOptions<SiloReportOptions> options)
{
    private volatile bool _draining;

    /// <summary>Whether it is leaving.</summary>
    public bool IsDraining => _draining;

    /// <summary>Whether more calls wait here than <see cref="SiloReportOptions.SaturatedAt"/>.</summary>
    public bool IsSaturated => metrics.Snapshot().Sum(model => model.Queued) > options.Value.SaturatedAt;

    /// <summary>The GPUs that libtorch can use.</summary>
    public IReadOnlyList<GpuInfo> Gpus => accelerators.Gpus;

    /// <summary><c>cuda</c> or <c>none</c>: what the metadata says, else what was found.</summary>
    public string Accelerator => configuration["Orleans:Metadata:accelerator"] ?? (Gpus.Count > 0 ? SiloFitness.Cuda : "none");

    /// <summary>Nothing new is placed here any more.</summary>
    public void BeginDraining() => _draining = true;
}
