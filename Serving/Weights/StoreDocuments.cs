using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Granary.Serving.Weights;

/// <summary>Which file a model id meant when it was last resolved.</summary>
/// <param name="Id">The model id, for people who look.</param>
/// <param name="Sha256">Name of the blob.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="ETag">The source's name for the content; null when it gave none.</param>
/// <param name="Revision">The source's name for the state; null when it gave none.</param>
internal sealed record WeightsRef(string Id, string Sha256, long Length, string? ETag, string? Revision)
{
    /// <summary>The checks that the content passed before it was stored; empty for what was stored before this was noted.</summary>
    public string[] Verified { get; init; } = [];
}

/// <summary>What a partial download needs to go on.</summary>
/// <param name="Id">The model id, for people who look.</param>
/// <param name="ETag">The content it is a part of.</param>
/// <param name="Length">Whole length in bytes; null when unknown.</param>
/// <param name="Validator">For the <c>If-Range</c> of the next request.</param>
internal sealed record PartialState(string Id, string? ETag, long? Length, string? Validator);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(WeightsRef))]
[JsonSerializable(typeof(PartialState))]
internal sealed partial class StoreJson : JsonSerializerContext;

/// <summary>Small files that are replaced whole. One that cannot be read counts as absent: it only saves work.</summary>
internal static class StoreDocuments
{
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type);
        }
        catch (Exception error) when (error is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static void Write<T>(string path, T document, JsonTypeInfo<T> type)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                JsonSerializer.Serialize(stream, document, type);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            // Each attempt on a full disk would leave one more.
            File.Delete(temporary);
            throw;
        }
    }
}
