namespace Granary.Serving.Servables;

/// <summary>How many models that requests name by path or model id stay in memory (torch-serving's <c>--model-capacity</c> and <c>--buffer-size</c>).</summary>
public sealed class ServableCacheOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Servables";

    /// <summary>How many are left when some must go, those used last. Default 10; 0 for no limit.</summary>
    public int Capacity { get; set; } = 10;

    /// <summary>How many more may come before some must go. Default 3.</summary>
    public int Buffer { get; set; } = 3;
}
