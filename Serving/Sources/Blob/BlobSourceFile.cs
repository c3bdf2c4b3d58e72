using System.Globalization;
using Azure;
using Granary.Serving.Models;

namespace Granary.Serving.Sources.Blob;

/// <summary>A blob, fetched whole or from an offset on, always under the entity tag that it was resolved with.</summary>
internal sealed class BlobSourceFile(BlobClient client, ModelId id, BlobPath path) : RemoteSourceFile
{
    /// <summary>MD5 that the blob carries; null when it has none.</summary>
    public byte[]? ContentMd5 { get; init; }

    // A SHA-256 that is demanded says all that an MD5 could, and the MD5 is most of what a download costs the processor.
    public override IContentCheck? CreateCheck() => ContentMd5 is null || Sha256 is not null ? null : new ContentMd5Check(ContentMd5);

    public override async Task<SourceStream> OpenAsync(long offset, string? validator, CancellationToken cancellation)
    {
        if (validator is null && Sha256 is null)
            offset = 0;
        if (validator is not null && ETag is not null && validator != ETag)
            throw new SourceChangedException();
        var message = await client.OpenAsync(id, path, offset, ETag, cancellation).ConfigureAwait(false);
        var response = message.Response;
        var (start, length) = response.Status == 206 ? Range(response) : (0, response.Headers.ContentLengthLong);
        if (response.Status == 206 && start != offset)
        {
            message.Dispose();
            throw new SourceChangedException();
        }

        return new SourceStream(response.ContentStream ?? Stream.Null, start, length, ETag, message);
    }

    // Content-Range: bytes 600-999/1000
    private static (long Start, long? Length) Range(Response response)
    {
        if (!response.Headers.TryGetValue("Content-Range", out var text) || text is null)
            return (-1, null);
        var (dash, slash) = (text.IndexOf('-'), text.IndexOf('/'));
        return dash > 6 && slash > dash
            && long.TryParse(text.AsSpan(6, dash - 6), NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            && long.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? (start, length)
            : (-1, null);
    }
}
