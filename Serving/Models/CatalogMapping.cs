using System.Collections.ObjectModel;
using System.Text.Json;
using Granary.Torch;

namespace Granary.Serving.Models;

/// <summary>Definitions to and from their form on disk.</summary>
internal static class CatalogMapping
{
    private static readonly Dictionary<string, DType> DTypesByName =
        Enum.GetValues<DType>().ToDictionary(static dtype => dtype.TorchName(), StringComparer.Ordinal);

    /// <summary>The dtype that PyTorch calls by a name.</summary>
    public static bool TryDType(string name, out DType dtype) => DTypesByName.TryGetValue(name, out dtype);

    public static CatalogDocumentVersion ToDocument(ModelDefinition definition) => new()
    {
        Version = definition.Version,
        Source = definition.Source.ToString(),
        Sha256 = definition.Sha256,
        Inputs = [.. definition.Inputs.Select(ToDocument)],
        Outputs = [.. definition.Outputs.Select(ToDocument)],
        Device = definition.Device,
        Instances = definition.Instances,
        MaxQueueSize = definition.MaxQueueSize,
        MaxBatchSize = definition.Batching.MaxBatchSize,
        MaxQueueDelay = definition.Batching.MaxQueueDelay,
        IdleTimeout = definition.IdleTimeout,
        Pinned = definition.Pinned,
        Optimize = definition.Optimize,
        RequireTorchScript = definition.RequireTorchScript,
        Trusted = definition.Trusted,
        Description = definition.Description,
        MemoryBytes = definition.MemoryBytes,
        Queues = QueueMapping.ToDocument(definition.Batching),
        Annotations = definition.Annotations.Count == 0 ? null : new SortedDictionary<string, string>(definition.Annotations.ToDictionary(), StringComparer.Ordinal),
        Handlers = definition.Handlers.Count == 0 ? null : [.. definition.Handlers.Select(ToDocument)],
        // Absent where they say nothing, so that a definition of an earlier build is still the same text.
        IntraOpThreads = definition.IntraOpThreads == 0 ? null : definition.IntraOpThreads,
        ResponseCache = definition.ResponseCache ? true : null,
    };

    /// <exception cref="ServingException">A field does not hold what it should.</exception>
    public static ModelDefinition FromDocument(string name, CatalogDocumentVersion version) => new()
    {
        Name = name,
        Version = version.Version,
        Source = ModelIdParser.Parse(version.Source),
        Sha256 = version.Sha256,
        Inputs = [.. version.Inputs.Select(FromDocument)],
        Outputs = [.. version.Outputs.Select(FromDocument)],
        Device = version.Device,
        Instances = version.Instances,
        MaxQueueSize = version.MaxQueueSize,
        Batching = QueueMapping.FromDocument(version.Queues, new BatchingOptions { MaxBatchSize = version.MaxBatchSize, MaxQueueDelay = version.MaxQueueDelay }),
        IdleTimeout = version.IdleTimeout,
        Pinned = version.Pinned,
        Optimize = version.Optimize,
        RequireTorchScript = version.RequireTorchScript,
        Trusted = version.Trusted,
        Description = version.Description,
        MemoryBytes = version.MemoryBytes,
        Annotations = version.Annotations is { } annotations ? annotations : ReadOnlyDictionary<string, string>.Empty,
        Handlers = version.Handlers is { } handlers ? [.. handlers.Select(FromDocument)] : [],
        IntraOpThreads = version.IntraOpThreads ?? 0,
        ResponseCache = version.ResponseCache ?? false,
    };

    /// <summary>Whether two definitions say the same; records compare their lists by reference, so the texts are compared.</summary>
    public static bool SameContent(ModelDefinition left, ModelDefinition right)
        => left.Key == right.Key && Text(left).AsSpan().SequenceEqual(Text(right));

    private static byte[] Text(ModelDefinition definition)
        => JsonSerializer.SerializeToUtf8Bytes(ToDocument(definition), CatalogJson.Default.CatalogDocumentVersion);

    private static CatalogDocumentHandler ToDocument(HandlerSpec spec) => new()
    {
        Name = spec.Name,
        Parameters = spec.Parameters.Count == 0 ? null : new SortedDictionary<string, string>(spec.Parameters.ToDictionary(), StringComparer.Ordinal),
    };

    private static HandlerSpec FromDocument(CatalogDocumentHandler handler) =>
        handler.Parameters is { } parameters ? new HandlerSpec(handler.Name, parameters) : new HandlerSpec(handler.Name);

    private static CatalogDocumentTensor ToDocument(TensorSpec spec)
        => new() { Name = spec.Name, DType = spec.DType.TorchName(), Shape = [.. spec.Shape], Labels = spec.Labels?.ToList() };

    private static TensorSpec FromDocument(CatalogDocumentTensor tensor) => DTypesByName.TryGetValue(tensor.DType, out var dtype)
        ? new TensorSpec(tensor.Name, dtype, [.. tensor.Shape]) { Labels = tensor.Labels }
        : throw new ServingException(ServingError.InvalidArgument, $"tensor '{tensor.Name}' has the unknown dtype '{tensor.DType}'");
}
