using Azure;

namespace Granary.Serving.Sources.Blob;

/// <summary>What a blob says of itself.</summary>
/// <param name="Length">In bytes.</param>
/// <param name="ETag">Strong entity tag with its quotes; null when the service gave none.</param>
/// <param name="ContentMd5">MD5 that was stored with the blob; null when there is none.</param>
internal sealed record BlobProperties(long? Length, string? ETag, byte[]? ContentMd5)
{
    /// <summary>Reads the headers; null for what a hierarchical namespace answers for a directory.</summary>
    public static BlobProperties? Read(Response response)
    {
        if (response.Headers.TryGetValue("x-ms-meta-hdi_isfolder", out var isFolder) && isFolder is "true")
            return null;
        var md5 = response.Headers.TryGetValue("Content-MD5", out var header) ? ContentMd5Check.Parse(header) : null;
        return new BlobProperties(response.Headers.ContentLengthLong, response.Headers.ETag?.ToString("H"), md5);
    }
}
