using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Granary.Api.Admin;

/// <summary>Every model of the catalog.</summary>
internal sealed record ModelListView(IReadOnlyList<ModelView> Models);

/// <summary>One catalog name.</summary>
internal sealed record ModelView(string Name, string DefaultVersion, IReadOnlyList<VersionView> Versions);

/// <summary>One version: what it should be and how it is doing.</summary>
internal sealed record VersionView(string Key, bool IsDefault, DefinitionView Definition, StatusView Status);

/// <summary>A definition in the form that registration reads.</summary>
internal sealed record DefinitionView(
    string Name,
    string Version,
    string Source,
    string? Sha256,
    IReadOnlyList<TensorView> Inputs,
    IReadOnlyList<TensorView> Outputs,
    string Device,
    int Instances,
    int MaxQueueSize,
    BatchingView Batching,
    string? IdleTimeout,
    bool Pinned,
    bool Optimize,
    bool RequireTorchScript,
    int IntraOpThreads,
    bool ResponseCache,
    IReadOnlyList<HandlerView> Handlers,
    long? MemoryBytes,
    string? Description);

/// <summary>One declared tensor.</summary>
internal sealed record TensorView(string Name, string Dtype, IReadOnlyList<long> Shape);

/// <summary>One handler of the chain.</summary>
internal sealed record HandlerView(string Name, IReadOnlyDictionary<string, string> Parameters);

/// <summary>Joining of requests.</summary>
internal sealed record BatchingView(int MaxBatchSize, string MaxQueueDelay);

/// <summary>Every activation of the cluster.</summary>
internal sealed record ActivationListView(IReadOnlyList<StatusView> Activations);

/// <summary>One activation.</summary>
internal sealed record StatusView(
    string Key,
    bool AdHoc,
    string State,
    string? Reason,
    string? Silo,
    string? Device,
    string? Sha256,
    long ResidentBytes,
    bool Pinned,
    int Running,
    int Queued,
    DateTimeOffset? LoadedAt,
    double LoadSeconds,
    DateTimeOffset? LastUsedAt,
    StatisticsView Statistics,
    IReadOnlyList<MethodView> Methods);

/// <summary>Counters since the version was first activated in this process.</summary>
internal sealed record StatisticsView(long Succeeded, long Failed, long Rows, long Executions, long Loads, double QueueSeconds, double ComputeSeconds);

/// <summary>A method signature.</summary>
internal sealed record MethodView(string Name, IReadOnlyList<ArgumentView> Arguments, string Returns);

/// <summary>One argument of a method.</summary>
internal sealed record ArgumentView(string Name, string Type, string? Default);

/// <summary>What the weights store did since the process started, and what it holds.</summary>
internal sealed record WeightsView(
    long Hits, long Misses, long DownloadedBytes, long Resumes, long Failures, long Evictions, IReadOnlyList<StoredFileView>? Files);

/// <summary>A stored file.</summary>
/// <param name="Id">The model id it was fetched for.</param>
/// <param name="Sha256">Lower-case hex.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Revision">Commit or transaction.</param>
/// <param name="Verified">The checks that it passed before it was stored.</param>
internal sealed record StoredFileView(string Id, string Sha256, long Bytes, string? Revision, IReadOnlyList<string> Verified);

/// <summary>What unload and evict did.</summary>
internal sealed record UnloadView(bool Unloaded, StatusView Status);

/// <summary>What a delete removed.</summary>
internal sealed record DeleteView(IReadOnlyList<string> Deleted);

/// <summary>The models that requests to <c>/serve</c> named by path or model id, the one used last first.</summary>
internal sealed record ServableListView(IReadOnlyList<ServableView> Servables);

/// <summary>One of them.</summary>
/// <param name="Identifier">As the first request named it.</param>
/// <param name="Key">Its activation.</param>
internal sealed record ServableView(string Identifier, string Key);

/// <summary>Which of them left memory.</summary>
internal sealed record InvalidatedView(IReadOnlyList<string> Invalidated);

/// <summary>Every operation that is remembered.</summary>
internal sealed record OperationListView(IReadOnlyList<OperationView> Operations);

/// <summary>A load or warm-up that goes on after the request that started it.</summary>
internal sealed record OperationView(string Id, string Kind, string Key, string State, string? Error, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, WarmUpView? Result);

/// <summary>What a warm-up measured.</summary>
/// <param name="Inputs"><c>given</c>, <c>zeros</c> (made from the definition) or <c>none</c> (the model was only loaded).</param>
/// <param name="Runs">One entry a run, in order.</param>
/// <param name="Status">The activation afterwards.</param>
internal sealed record WarmUpView(string Inputs, IReadOnlyList<RunView> Runs, StatusView Status);

/// <summary>Where the time of one run went.</summary>
internal sealed record RunView(double QueueSeconds, double ComputeSeconds);

/// <summary>Generated serialisation of every answer of the admin API.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ModelListView))]
[JsonSerializable(typeof(ActivationListView))]
[JsonSerializable(typeof(UnloadView))]
[JsonSerializable(typeof(DeleteView))]
[JsonSerializable(typeof(OperationListView))]
[JsonSerializable(typeof(WeightsView))]
[JsonSerializable(typeof(ServableListView))]
[JsonSerializable(typeof(InvalidatedView))]
internal sealed partial class AdminJson : JsonSerializerContext
{
    /// <summary>Quotes and letters as they are: the answers are for people with curl, and never HTML.</summary>
    public static AdminJson Readable => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
