namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Who decides which models of a repository are loaded; Triton's <c>--model-control-mode</c>.</summary>
public enum ModelControlMode
{
    /// <summary>All are loaded at start.</summary>
    None,

    /// <summary>All are loaded at start, and changes are followed.</summary>
    Poll,

    /// <summary>Those named at start, then those that clients ask for.</summary>
    Explicit,
}

/// <summary>Model repositories in Triton's layout.</summary>
public sealed class ModelRepositoryOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string SectionName = "ModelRepository";

    /// <summary>Directories of repositories, or places in Azure Blob storage (<c>https://account.blob.core.windows.net/container/path</c>, <c>blob/container/path</c>, <c>as://account/container/path</c>). A model's name may occur in one of them only. Default none.</summary>
    public string[] Paths { get; set; } = [];

    /// <summary>Who decides which models are loaded. Default <see cref="ModelControlMode.None"/>.</summary>
    public ModelControlMode ControlMode { get; set; }

    /// <summary>With <see cref="ModelControlMode.Explicit"/>: models to load at start; <c>*</c> alone for all. Default none.</summary>
    public string[] LoadModels { get; set; } = [];

    /// <summary>With <see cref="ModelControlMode.Poll"/>: time between two looks. Default 15 seconds.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>With <see cref="ModelControlMode.Poll"/>: a directory that changed is acted on when it did not change for this long, so that no half-copied file is loaded. Default 2 seconds.</summary>
    public TimeSpan SettleTime { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Ready only when every model is that was not unloaded on purpose. Default true; false: ready once the first round of loads is over.</summary>
    public bool StrictReadiness { get; set; } = true;

    /// <summary>End the process with exit code 1 when a model cannot be loaded at start. Default true, as Triton.</summary>
    public bool ExitOnError { get; set; } = true;

    /// <summary>Models that are loaded at the same time. Default 4.</summary>
    public int LoadThreads { get; set; } = 4;

    /// <summary>Use <c>configs/NAME.pbtxt</c> of models that have it instead of their <c>config.pbtxt</c>. Default none.</summary>
    public string? ConfigName { get; set; }

    /// <summary>Refuse models without a configuration file. Default false: it is inferred.</summary>
    public bool RequireConfig { get; set; }

    /// <summary>Unload a repository's model after this long without a request; the next one loads it again. Default -00:00:00.001: never, as Triton.</summary>
    public TimeSpan IdleTimeout { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// With <see cref="ModelControlMode.Explicit"/>: keep what the catalog holds of these repositories from before, as other processes
    /// of a cluster may have loaded it. Default false: only what <see cref="LoadModels"/> names is loaded after a start.
    /// </summary>
    public bool KeepLoaded { get; set; }

    /// <summary>Where files that come with a load request are kept. Default <c>.granary/overrides</c> under the working directory; emptied at start.</summary>
    public string OverrideDirectory { get; set; } = Path.Combine(".granary", "overrides");
}
