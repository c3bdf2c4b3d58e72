using System.Globalization;
using System.Net;
using Granary.Serving.Models;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

/// <summary>
/// Files of the Hugging Face hub. A HEAD of <c>/{repo}/resolve/{revision}/{file}</c> tells commit, length and hash; the GET asks
/// for that commit, so a push in between cannot mix two states. The <c>X-Linked-ETag</c> of large files is their SHA-256, the
/// <c>ETag</c> of others the SHA-1 of their git blob; both are verified. Source: huggingface_hub's file_download.py.
/// </summary>
internal sealed class HuggingFaceSource : IModelSource
{
    private readonly SourceHttp _http;
    private readonly bool _offline;
    private readonly string _endpoint;
    private readonly string? _token;

    public HuggingFaceSource(SourceHttp http, IOptions<HuggingFaceOptions> options)
    {
        _http = http;
        _offline = options.Value.Offline;
        _endpoint = options.Value.Endpoint.TrimEnd('/');
        _token = options.Value.Token?.Trim() is { Length: > 0 } token ? token : null;
    }

    public ModelSourceKind Kind => ModelSourceKind.HuggingFace;

    public bool IsPinned(ModelId id) => id.Version is not null && IsHex(id.Version, 40);

    public async Task<SourceFile> ResolveAsync(ModelId id, bool trusted, CancellationToken cancellation)
    {
        if (_offline)
        {
            throw new ServingException(ServingError.SourceFailed,
                $"{id} is not in the weights store, and this server is set to be offline (HF_HUB_OFFLINE)");
        }

        var request = new SourceRequest(HttpMethod.Head, Address(id, id.Version ?? "main"), _token) { LeaveOrigin = false };
        using var response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
        if (response.Status != HttpStatusCode.OK && (int)response.Status is < 300 or >= 400)
            throw HuggingFaceErrors.Refusal(id, response, _token is not null);
        return Describe(id, response);
    }

    private HttpSourceFile Describe(ModelId id, SourceResponse response)
    {
        var commit = response.OriginHeader("X-Repo-Commit") is { } header && IsHex(header, 40) ? header : null;
        var tag = Unquote(response.OriginHeader("X-Linked-ETag") ?? response.Header("ETag"));
        var linkedSize = response.OriginHeader("X-Linked-Size");
        var size = linkedSize ?? (response.Status == HttpStatusCode.OK ? response.Header("Content-Length") : null);
        var get = new SourceRequest(HttpMethod.Get, Address(id, commit ?? id.Version ?? "main"), _token);
        return new HttpSourceFile(_http, get, answer => HuggingFaceErrors.Refusal(id, answer, _token is not null))
        {
            Length = long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null,
            Revision = commit,
            ETag = tag,
            Sha256 = tag is not null && IsHex(tag, 64) ? tag : null,
            GitBlobSha1 = tag is not null && IsHex(tag, 40) ? tag : null,
        };
    }

    private Uri Address(ModelId id, string revision)
    {
        var file = string.Join('/', id.File!.Split('/').Select(Uri.EscapeDataString));
        return new Uri($"{_endpoint}/{id.Repository}/resolve/{Uri.EscapeDataString(revision)}/{file}");
    }

    private static string? Unquote(string? tag)
    {
        if (tag is null or { Length: > 512 })
            return null;
        var text = tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag;
        text = text.Trim('"');
        return text.Length == 0 ? null : text;
    }

    private static bool IsHex(string text, int length)
        => text.Length == length && !text.AsSpan().ContainsAnyExcept("0123456789abcdef");
}
