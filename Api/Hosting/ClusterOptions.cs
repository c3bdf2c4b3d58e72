namespace Granary.Api.Hosting;

/// <summary>Where the models are.</summary>
internal enum ClusterMode
{
    /// <summary>In this process; the default.</summary>
    InProcess,

    /// <summary>In the silos of an Orleans cluster, of which this process is a client.</summary>
    Orleans,
}

/// <summary>Which cluster this process serves. The rest of the section is for the client: see the cluster's own options.</summary>
internal sealed class ClusterOptions
{
    /// <summary>Configuration section.</summary>
    public const string SectionName = "Cluster";

    /// <summary>Key of <see cref="Mode"/>.</summary>
    public const string ModeKey = SectionName + ":" + nameof(Mode);

    /// <summary><c>InProcess</c> or <c>Orleans</c>. Default <c>InProcess</c>.</summary>
    public ClusterMode Mode { get; set; } = ClusterMode.InProcess;
}
