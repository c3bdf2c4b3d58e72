using System.Globalization;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Admin;

/// <summary>Turns the serving core's records into what the admin API shows.</summary>
internal static class AdminViewFactory
{
    public static VersionView Version(CatalogModel model, ModelDefinition definition, ModelStatus status) =>
        new(definition.Key.ToString(), definition.Version == model.DefaultVersion, Definition(definition), Status(status));

    public static DefinitionView Definition(ModelDefinition definition) => new(
        definition.Name,
        definition.Version,
        definition.Source.ToString(),
        definition.Sha256,
        [.. definition.Inputs.Select(Tensor)],
        [.. definition.Outputs.Select(Tensor)],
        definition.Device,
        definition.Instances,
        definition.MaxQueueSize,
        new BatchingView(definition.Batching.MaxBatchSize, Duration(definition.Batching.MaxQueueDelay)),
        definition.IdleTimeout is { } timeout ? Duration(timeout) : null,
        definition.Pinned,
        definition.Optimize,
        definition.RequireTorchScript,
        definition.IntraOpThreads,
        definition.ResponseCache,
        [.. definition.Handlers.Select(static handler => new HandlerView(handler.Name, handler.Parameters))],
        definition.MemoryBytes,
        definition.Description);

    public static StatusView Status(ModelStatus status) => new(
        status.Key.ToString(),
        status.Key.IsAdHoc,
        status.State.ToString().ToLowerInvariant(),
        status.Reason,
        status.Silo,
        status.Device,
        status.Sha256,
        status.ResidentBytes,
        status.Pinned,
        status.Running,
        status.Queued,
        status.LoadedAt,
        status.LoadDuration.TotalSeconds,
        status.LastUsedAt,
        Statistics(status.Statistics),
        [.. status.Methods.Select(Method)]);

    /// <summary>A duration as registration reads it back.</summary>
    public static string Duration(TimeSpan duration) =>
        duration == Timeout.InfiniteTimeSpan ? JsonFields.Never : duration.ToString("c", CultureInfo.InvariantCulture);

    private static TensorView Tensor(TensorSpec spec) => new(spec.Name, spec.DType.TorchName(), spec.Shape);

    private static StatisticsView Statistics(ModelStatistics counters) => new(
        counters.Succeeded,
        counters.Failed,
        counters.Rows,
        counters.Executions,
        counters.Loads,
        counters.QueueTime.TotalSeconds,
        counters.ComputeTime.TotalSeconds);

    private static MethodView Method(MethodSchema method) => new(
        method.Name,
        [.. method.Arguments.Select(argument => new ArgumentView(argument.Name, argument.Type, argument.Default))],
        method.ReturnType);
}
