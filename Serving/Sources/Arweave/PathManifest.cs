using System.Text.Json;

namespace Granary.Serving.Sources.Arweave;

/// <summary>A manifest that gives names to transactions. Source: arweave.dev, path manifests.</summary>
internal static class PathManifest
{
    /// <summary>The id of a file; null when the manifest does not name it.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: it is no such manifest. It is verified: its owner wrote it so.</exception>
    public static string? Find(byte[] manifest, string id, string file)
    {
        try
        {
            using var json = JsonDocument.Parse(manifest);
            var root = json.RootElement;
            if (root.GetProperty("manifest").GetString() != "arweave/paths")
                throw new FormatException("it is not of kind arweave/paths");
            if (!root.GetProperty("paths").TryGetProperty(file, out var entry))
                return null;
            var target = entry.GetProperty("id").GetString();
            return target is not null && Base64Url.IsId(target) ? target : throw new FormatException("a path leads to something that is no id");
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ServingException(ServingError.SourceFailed, $"the manifest {id} on Arweave is not valid: {error.Message}");
        }
    }
}
