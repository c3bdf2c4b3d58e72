using System.Net;

namespace Granary.Serving.Sources;

/// <summary>A file behind one URL, fetched whole or from an offset on (RFC 9110, sections 13.1.5 and 14).</summary>
/// <param name="http">Asks.</param>
/// <param name="request">The GET for the whole file.</param>
/// <param name="refusal">The exception for an answer that is not the file.</param>
internal sealed class HttpSourceFile(SourceHttp http, SourceRequest request, Func<SourceResponse, Exception> refusal) : RemoteSourceFile
{
    public override async Task<SourceStream> OpenAsync(long offset, string? validator, CancellationToken cancellation)
    {
        // Without a validator only a hash at the end can tell that the parts belong together.
        if (validator is null && Sha256 is null && GitBlobSha1 is null)
            offset = 0;
        var response = await http.SendAsync(request with { Offset = offset, Validator = validator }, cancellation).ConfigureAwait(false);
        try
        {
            return await ReadAsync(response, offset, validator, cancellation).ConfigureAwait(false);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<SourceStream> ReadAsync(SourceResponse response, long offset, string? validator, CancellationToken cancellation)
    {
        if (response.Status == HttpStatusCode.RequestedRangeNotSatisfiable && offset > 0)
            throw new SourceChangedException();
        if (response.Status is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
            throw refusal(response);
        if (response.Header("Content-Encoding") is { Length: > 0 } and not "identity")
            throw new ServingException(ServingError.SourceFailed, $"{request.Uri.Host} sent the file compressed although it was asked not to");

        var tag = StrongTag(response);
        var content = response.Message.Content;
        var (start, length) = response.Status == HttpStatusCode.OK
            ? (0L, content.Headers.ContentLength)
            : (content.Headers.ContentRange?.From ?? -1, content.Headers.ContentRange?.Length);
        var changed = offset > 0 && validator is not null && tag is not null && tag != validator;
        if (changed || (response.Status == HttpStatusCode.PartialContent && start != offset))
            throw new SourceChangedException();
        var stream = await content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        return new SourceStream(stream, start, length, tag, response);
    }

    // A weak tag may stay the same while bytes differ, so it cannot vouch for a range.
    private static string? StrongTag(SourceResponse response)
        => response.Header("ETag") is { Length: > 2 and <= 512 } tag && tag[0] == '"' ? tag : null;
}
