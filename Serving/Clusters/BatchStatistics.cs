namespace Granary.Serving.Clusters;

/// <summary>The native calls of one number of rows.</summary>
/// <param name="Size">Rows of each call.</param>
/// <param name="Executions">How many calls.</param>
/// <param name="InputTime">Sum of time spent copying inputs together; once a call, as the next two.</param>
/// <param name="ComputeTime">Sum of time spent in the native calls.</param>
/// <param name="OutputTime">Sum of time spent cutting outputs.</param>
public readonly record struct BatchStatistics(int Size, long Executions, TimeSpan InputTime, TimeSpan ComputeTime, TimeSpan OutputTime)
{
    /// <summary>The calls of several activations together, by size.</summary>
    public static IReadOnlyList<BatchStatistics> Sum(IEnumerable<BatchStatistics> batches) =>
    [
        .. batches.GroupBy(static batch => batch.Size).OrderBy(static group => group.Key).Select(static group => new BatchStatistics(
            group.Key,
            group.Sum(static batch => batch.Executions),
            new TimeSpan(group.Sum(static batch => batch.InputTime.Ticks)),
            new TimeSpan(group.Sum(static batch => batch.ComputeTime.Ticks)),
            new TimeSpan(group.Sum(static batch => batch.OutputTime.Ticks)))),
    ];
}
