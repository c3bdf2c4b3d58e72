namespace Granary.Grains.Interfaces.Contracts;

[RegisterConverter]
internal sealed class ModelStatisticsConverter : IConverter<ModelStatistics, ModelStatisticsSurrogate>
{
    public ModelStatistics ConvertFromSurrogate(in ModelStatisticsSurrogate surrogate) => new()
    {
        Succeeded = surrogate.Succeeded,
        Failed = surrogate.Failed,
        Rows = surrogate.Rows,
        Executions = surrogate.Executions,
        Loads = surrogate.Loads,
        QueueTime = surrogate.QueueTime,
        ComputeTime = surrogate.ComputeTime,
        SuccessTime = surrogate.SuccessTime,
        FailureTime = surrogate.FailureTime,
        InputTime = surrogate.InputTime,
        OutputTime = surrogate.OutputTime,
        CacheHits = surrogate.CacheHits,
        CacheHitTime = surrogate.CacheHitTime,
        CacheMisses = surrogate.CacheMisses,
        CacheMissTime = surrogate.CacheMissTime,
        LastAnswerAt = surrogate.LastAnswerAt,
        // A process of an earlier build does not send them.
        Batches = surrogate.Batches ?? [],
    };

    public ModelStatisticsSurrogate ConvertToSurrogate(in ModelStatistics value) => new()
    {
        Succeeded = value.Succeeded,
        Failed = value.Failed,
        Rows = value.Rows,
        Executions = value.Executions,
        Loads = value.Loads,
        QueueTime = value.QueueTime,
        ComputeTime = value.ComputeTime,
        SuccessTime = value.SuccessTime,
        FailureTime = value.FailureTime,
        InputTime = value.InputTime,
        OutputTime = value.OutputTime,
        CacheHits = value.CacheHits,
        CacheHitTime = value.CacheHitTime,
        CacheMisses = value.CacheMisses,
        CacheMissTime = value.CacheMissTime,
        LastAnswerAt = value.LastAnswerAt,
        Batches = [.. value.Batches],
    };
}

[RegisterConverter]
internal sealed class BatchStatisticsConverter : IConverter<BatchStatistics, BatchStatisticsSurrogate>
{
    public BatchStatistics ConvertFromSurrogate(in BatchStatisticsSurrogate surrogate) =>
        new(surrogate.Size, surrogate.Executions, surrogate.InputTime, surrogate.ComputeTime, surrogate.OutputTime);

    public BatchStatisticsSurrogate ConvertToSurrogate(in BatchStatistics value) =>
        new(value.Size, value.Executions, value.InputTime, value.ComputeTime, value.OutputTime);
}
