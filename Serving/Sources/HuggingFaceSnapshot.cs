using System.Text.Json;
using Granary.Serving.Models;

namespace Granary.Serving.Sources;

/// <summary>What <c>GET /api/models/{repo}/revision/{revision}</c> says: the commit, and the names of its files.</summary>
/// <param name="Commit">Full commit; null when a mirror does not say.</param>
/// <param name="Files">Names relative to the root, those that a model id may hold.</param>
internal sealed record HuggingFaceSnapshot(string? Commit, IReadOnlyList<string> Files)
{
    /// <summary>Most bytes of a listing.</summary>
    public const int MaxBytes = 16 << 20;

    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: it is no listing.</exception>
    public static HuggingFaceSnapshot Parse(ReadOnlyMemory<byte> json, ModelId id)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var commit = document.RootElement.TryGetProperty("sha", out var sha) && sha.ValueKind == JsonValueKind.String ? sha.GetString() : null;
            var files = new List<string>();
            foreach (var sibling in document.RootElement.GetProperty("siblings").EnumerateArray())
            {
                if (sibling.GetProperty("rfilename").GetString() is { } name && ModelIdText.PathFault(name, "", allowComma: false) is null)
                    files.Add(name);
            }

            return new HuggingFaceSnapshot(HuggingFaceNames.IsCommit(commit) ? commit : null, files);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ServingException(ServingError.SourceFailed,
                $"Hugging Face sent a listing of '{id.Repository}' that is not as expected; name the file after ':'", error);
        }
    }
}
