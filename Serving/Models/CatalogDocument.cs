using System.Text.Json;
using System.Text.Json.Serialization;

namespace Granary.Serving.Models;

/// <summary>What <c>catalog.json</c> holds. A field this build does not know is an error: the next write would lose it.</summary>
internal sealed class CatalogDocument
{
    public const int CurrentSchema = 1;

    public required int Schema { get; set; }

    public required long Revision { get; set; }

    public required List<CatalogDocumentModel> Models { get; set; }
}

/// <summary>One name.</summary>
internal sealed class CatalogDocumentModel
{
    public required string Name { get; set; }

    public required string DefaultVersion { get; set; }

    public required List<CatalogDocumentVersion> Versions { get; set; }
}

/// <summary>One version; absent fields have the defaults of <see cref="ModelDefinition"/>.</summary>
internal sealed class CatalogDocumentVersion
{
    public required string Version { get; set; }

    public required string Source { get; set; }

    public string? Sha256 { get; set; }

    public List<CatalogDocumentTensor> Inputs { get; set; } = [];

    public List<CatalogDocumentTensor> Outputs { get; set; } = [];

    public string Device { get; set; } = "cpu";

    public int Instances { get; set; }

    public int MaxQueueSize { get; set; } = 1000;

    public int MaxBatchSize { get; set; }

    public TimeSpan MaxQueueDelay { get; set; }

    public TimeSpan? IdleTimeout { get; set; }

    public bool Pinned { get; set; }

    public bool Optimize { get; set; }

    public bool RequireTorchScript { get; set; }

    public bool Trusted { get; set; }

    public string? Description { get; set; }

    public long? MemoryBytes { get; set; }

    public CatalogDocumentQueues? Queues { get; set; }

    public SortedDictionary<string, string>? Annotations { get; set; }

    public List<CatalogDocumentHandler>? Handlers { get; set; }

    public int? IntraOpThreads { get; set; }

    public bool? ResponseCache { get; set; }
}

/// <summary>One handler.</summary>
internal sealed class CatalogDocumentHandler
{
    public required string Name { get; set; }

    public SortedDictionary<string, string>? Parameters { get; set; }
}

/// <summary>What batching says beyond sizes and delay; absent when it says nothing.</summary>
internal sealed class CatalogDocumentQueues
{
    public List<int>? PreferredSizes { get; set; }

    public bool PreserveOrder { get; set; }

    public int Priorities { get; set; }

    public int DefaultPriority { get; set; }

    public CatalogDocumentQueue? Default { get; set; }

    public SortedDictionary<int, CatalogDocumentQueue>? ByPriority { get; set; }
}

/// <summary>One queue.</summary>
internal sealed class CatalogDocumentQueue
{
    public bool Delay { get; set; }

    public TimeSpan Timeout { get; set; }

    public bool AllowTimeoutOverride { get; set; }

    public int MaxQueueSize { get; set; }
}

/// <summary>One tensor; the dtype by its PyTorch name.</summary>
internal sealed class CatalogDocumentTensor
{
    public required string Name { get; set; }

    public required string DType { get; set; }

    public required List<long> Shape { get; set; }

    public List<string>? Labels { get; set; }
}

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    AllowTrailingCommas = true,
    ReadCommentHandling = JsonCommentHandling.Skip)]
[JsonSerializable(typeof(CatalogDocument))]
internal sealed partial class CatalogJson : JsonSerializerContext;
