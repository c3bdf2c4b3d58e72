using System.Net.Http.Headers;

namespace Granary.Serving.Sources;

/// <summary>One question to a source.</summary>
/// <param name="Method">GET, HEAD or POST.</param>
/// <param name="Uri">Where to begin.</param>
/// <param name="Token">Bearer token; sent to the origin of <paramref name="Uri"/> and to no other.</param>
internal sealed record SourceRequest(HttpMethod Method, Uri Uri, string? Token)
{
    /// <summary>First byte wanted; 0 for the whole.</summary>
    public long Offset { get; init; }

    /// <summary>Bytes wanted from <see cref="Offset"/> on; null for all that follow.</summary>
    public int? Count { get; init; }

    /// <summary>JSON to send with a POST.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Strong validator of the bytes before <see cref="Offset"/>.</summary>
    public string? Validator { get; init; }

    /// <summary>Follow redirects to another origin; otherwise such a redirect is the answer.</summary>
    public bool LeaveOrigin { get; init; } = true;

    /// <summary>The message for one hop.</summary>
    public HttpRequestMessage ToMessage(Uri hop)
    {
        var message = new HttpRequestMessage(Method, hop);
        message.Headers.TryAddWithoutValidation("User-Agent", "granary");
        message.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        if (Token is not null && IsOrigin(hop))
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        if (Offset > 0 || Count is not null)
            message.Headers.Range = new RangeHeaderValue(Offset, Offset + Count - 1);
        if (Body is not null)
            message.Content = new ByteArrayContent(Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        if (Offset > 0 && Validator is not null)
            message.Headers.TryAddWithoutValidation("If-Range", Validator);
        return message;
    }

    /// <summary>Whether a hop has the scheme, host and port of the first one.</summary>
    public bool IsOrigin(Uri hop)
        => Uri.Compare(Uri, hop, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;
}
