using Granary.Serving.Models;

namespace Granary.Serving.Clusters;

/// <summary>How a model is served that a request names by its source, without a catalog entry.</summary>
public sealed class AdHocModelOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "AdHocModels";

    /// <summary><c>auto</c>, <c>cpu</c> or <c>cuda:N</c>. Default <c>auto</c>.</summary>
    public string Device { get; set; } = "auto";

    /// <summary>Calls that may run at once. Default 0: as many as the host has cores.</summary>
    public int Instances { get; set; }

    /// <summary>Requests that may wait before more are refused. Default 1,000.</summary>
    public int MaxQueueSize { get; set; } = 1000;

    /// <summary>Unload after this long without a request. Default null: as <c>Activations:DefaultIdleTimeout</c>.</summary>
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>Only TorchScript archives are accepted (<c>USE_JIT=true</c>). Default false.</summary>
    public bool RequireTorchScript { get; set; }

    /// <summary>Run <c>optimize_for_inference</c>; moves results by about 1e-7. Default false.</summary>
    public bool Optimize { get; set; }

    /// <summary>The definition of one model id.</summary>
    public ModelDefinition Define(ModelId id)
    {
        var key = ModelKey.AdHoc(id);
        return new ModelDefinition
        {
            Name = key.Name,
            Version = key.Version,
            Source = id,
            Device = Device,
            Instances = Instances,
            MaxQueueSize = MaxQueueSize,
            IdleTimeout = IdleTimeout,
            RequireTorchScript = RequireTorchScript,
            Optimize = Optimize,
        };
    }
}
