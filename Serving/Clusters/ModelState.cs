namespace Granary.Serving.Clusters;

/// <summary>Life of one activation: loading → ready → draining → unloaded; failed with back-off.</summary>
public enum ModelState
{
    /// <summary>Not in memory; the next request loads it.</summary>
    Unloaded,

    /// <summary>Weights are on their way or the module is being read and warmed.</summary>
    Loading,

    /// <summary>Serving.</summary>
    Ready,

    /// <summary>Finishing the calls it has; new ones start a new activation.</summary>
    Draining,

    /// <summary>The last load failed; calls fail at once until the back-off ends.</summary>
    Failed,
}
