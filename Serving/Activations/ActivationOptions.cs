namespace Granary.Serving.Activations;

/// <summary>How models are loaded and run on this host.</summary>
public sealed class ActivationOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Activations";

    /// <summary>
    /// Models whose measured call is at most this long run on the caller's thread, because the hand-over to an inference thread
    /// would cost as much as the model. Default 200 µs; zero hands every call over.
    /// </summary>
    public TimeSpan InlineBelow { get; set; } = TimeSpan.FromMicroseconds(200);

    /// <summary>Dedicated threads for native calls, shared by all models. Default 0: as many as the host has cores.</summary>
    public int InferenceThreads { get; set; }

    /// <summary>Calls made before a model is ready. Default and least 3: libtorch's first two calls after a load are slow.</summary>
    public int WarmUpCalls { get; set; } = 3;

    /// <summary>Unload a model after this long without a request, unless its definition says otherwise. Default 30 minutes; <see cref="Timeout.InfiniteTimeSpan"/> for never.</summary>
    public TimeSpan DefaultIdleTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How often idle models are looked for. Default 1 second.</summary>
    public TimeSpan IdleCheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Calls fail at once for this long after a failed load; doubles with every further failure. Default 1 second.</summary>
    public TimeSpan LoadBackoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Where the doubling of <see cref="LoadBackoff"/> ends. Default 1 minute.</summary>
    public TimeSpan MaxLoadBackoff { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Loads, downloads included, that run at once. Default 4.</summary>
    public int MaxConcurrentLoads { get; set; } = 4;

    /// <summary>Loads that run or wait for their turn; beyond it a request that needs another load is refused as overloaded. Default 256.</summary>
    public int MaxPendingLoads { get; set; } = 256;

    /// <summary>Versions that are unloaded or failed and still remembered with their statistics; the oldest are forgotten first. Default 1,000.</summary>
    public int MaxRememberedModels { get; set; } = 1000;
}
