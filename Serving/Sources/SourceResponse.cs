using System.Net;

namespace Granary.Serving.Sources;

/// <summary>The answer after redirects, with the headers that the origin itself gave on the way.</summary>
internal sealed class SourceResponse(HttpResponseMessage message, IReadOnlyList<HttpResponseMessage> hops) : IDisposable
{
    public HttpResponseMessage Message { get; } = message;

    public HttpStatusCode Status => Message.StatusCode;

    /// <summary>The first value of a header that the origin gave, on a redirect or on the answer; null when it did not.</summary>
    public string? OriginHeader(string name)
    {
        foreach (var hop in hops)
        {
            if (Header(hop, name) is { } value)
                return value;
        }

        return null;
    }

    /// <summary>A header of the last answer, whoever gave it.</summary>
    public string? Header(string name) => Header(Message, name);

    public void Dispose() => Message.Dispose();

    private static string? Header(HttpResponseMessage message, string name)
        => message.Headers.NonValidated.TryGetValues(name, out var values) || message.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? values.ToString()
            : null;
}
