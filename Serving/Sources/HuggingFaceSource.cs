using System.Globalization;
using System.Net;
using Granary.Serving.Models;
using Granary.Serving.Sources.Manifests;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

/// <summary>
/// Files of the Hugging Face hub. A HEAD of <c>/{repo}/resolve/{revision}/{file}</c> tells commit, length and hash; the GET asks
/// for that commit, so a push in between cannot mix two states. The <c>X-Linked-ETag</c> of large files is their SHA-256, the
/// <c>ETag</c> of others the SHA-1 of their git blob; both are verified, and so are the hashes of a <c>ritual_manifest.json</c>.
/// An id without a file is looked up in the listing of its revision. Source: huggingface_hub's file_download.py, hf_api.py.
/// </summary>
internal sealed partial class HuggingFaceSource : IModelSource
{
    private readonly SourceHttp _http;
    private readonly HuggingFaceCache _cache;
    private readonly ILogger<HuggingFaceSource> _log;
    private readonly bool _offline;
    private readonly string _endpoint;
    private readonly string? _token;

    public HuggingFaceSource(SourceHttp http, HuggingFaceCache cache, IOptions<HuggingFaceOptions> options, ILogger<HuggingFaceSource> log)
    {
        (_http, _cache, _log) = (http, cache, log);
        _offline = options.Value.Offline;
        _endpoint = options.Value.Endpoint.TrimEnd('/');
        _token = options.Value.Token?.Trim() is { Length: > 0 } token ? token : null;
    }

    public ModelSourceKind Kind => ModelSourceKind.HuggingFace;

    public bool IsPinned(ModelId id) => HuggingFaceNames.IsCommit(id.Version);

    public async Task<SourceFile> ResolveAsync(ModelId id, bool trusted, CancellationToken cancellation)
    {
        // The parser refuses all of this; an id that was put together by hand comes here too.
        if (ModelIdParser.Fault(id) is { } fault)
            throw new ServingException(ServingError.InvalidArgument, fault);
        if (_offline)
        {
            return _cache.Find(id) ?? throw new ServingException(ServingError.SourceFailed,
                $"{id} is not in the weights store, and this server is set to be offline (HF_HUB_OFFLINE)");
        }

        try
        {
            return await AskAsync(id, cancellation).ConfigureAwait(false);
        }
        catch (ServingException error) when (error.Error == ServingError.SourceFailed)
        {
            if (_cache.Find(id) is not { } cached)
                throw;
            LogUsingCache(id, error.Message);
            return cached;
        }
    }

    private async Task<SourceFile> AskAsync(ModelId id, CancellationToken cancellation)
    {
        if (id.File is not null)
            return await AskForFileAsync(id, id.File, id.Version ?? "main", null, cancellation).ConfigureAwait(false);
        var snapshot = await ListAsync(id, cancellation).ConfigureAwait(false);
        var revision = snapshot.Commit ?? id.Version ?? "main";
        var manifest = snapshot.Files.Contains(RitualManifest.FileName, StringComparer.Ordinal)
            ? await ReadManifestAsync(id, revision, cancellation).ConfigureAwait(false)
            : null;
        var file = ModelFiles.Choose(id, manifest, () => snapshot.Files.Where(static name => !name.Contains('/')));
        return await AskForFileAsync(id, file, revision, manifest, cancellation).ConfigureAwait(false);
    }

    private async Task<SourceFile> AskForFileAsync(ModelId id, string file, string revision, RitualManifest? manifest, CancellationToken cancellation)
    {
        var request = new SourceRequest(HttpMethod.Head, Address(id, revision, file), _token) { LeaveOrigin = false };
        using var response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
        if (response.Status != HttpStatusCode.OK && (int)response.Status is < 300 or >= 400)
            throw HuggingFaceErrors.Refusal(id with { File = file }, response, _token is not null);
        var commit = response.OriginHeader("X-Repo-Commit") is { } header && HuggingFaceNames.IsCommit(header) ? header : null;
        if (id.File is not null)
            manifest = await ReadManifestAsync(id, commit ?? revision, cancellation).ConfigureAwait(false);
        var remote = Describe(id with { File = file }, response, commit, revision, manifest?.Sha256(file));
        // The tools of the hub may have fetched the very same content already.
        return commit is not null && _cache.Find(id with { File = file }, commit) is { } cached && cached.Length == remote.Length
            ? new LocalSourceFile(cached.Path) { Length = cached.Length, Revision = commit, Sha256 = remote.Sha256 ?? cached.Sha256 }
            : remote;
    }

    private async Task<HuggingFaceSnapshot> ListAsync(ModelId id, CancellationToken cancellation)
    {
        var address = new Uri($"{_endpoint}/api/models/{id.Repository}/revision/{Uri.EscapeDataString(id.Version ?? "main")}");
        var body = await ReadAsync(id, address, HuggingFaceSnapshot.MaxBytes, cancellation).ConfigureAwait(false);
        return body is null
            ? throw new ServingException(ServingError.NotFound, $"Hugging Face has no repository '{id.Repository}' with a revision '{id.Version ?? "main"}'")
            : HuggingFaceSnapshot.Parse(body, id);
    }

    private async Task<RitualManifest?> ReadManifestAsync(ModelId id, string revision, CancellationToken cancellation)
    {
        var address = Address(id, revision, RitualManifest.FileName);
        var body = await ReadAsync(id, address, RitualManifest.MaxBytes, cancellation).ConfigureAwait(false);
        return body is null ? null : RitualManifest.Parse(body, id);
    }

    // Null when the hub does not have it.
    private async Task<byte[]?> ReadAsync(ModelId id, Uri address, int maxBytes, CancellationToken cancellation)
    {
        using var response = await _http.SendAsync(new SourceRequest(HttpMethod.Get, address, _token), cancellation).ConfigureAwait(false);
        var code = response.OriginHeader("X-Error-Code");
        if (response.Status == HttpStatusCode.NotFound && code is null or "EntryNotFound")
            return null;
        if (response.Status != HttpStatusCode.OK)
            throw HuggingFaceErrors.Refusal(id, response, _token is not null);
        return await _http.ReadAsync(response, maxBytes, cancellation).ConfigureAwait(false)
            ?? throw new ServingException(ServingError.SourceFailed, $"Hugging Face sent more than {maxBytes:N0} bytes for the listing or manifest of '{id.Repository}'");
    }

    private HttpSourceFile Describe(ModelId id, SourceResponse response, string? commit, string revision, string? demanded)
    {
        var tag = HuggingFaceNames.Unquote(response.OriginHeader("X-Linked-ETag") ?? response.Header("ETag"));
        var announced = HuggingFaceNames.IsSha256(tag) ? tag : null;
        if (announced is not null && demanded is not null && announced != demanded)
        {
            throw new ServingException(ServingError.SourceFailed,
                $"'{id}' has the SHA-256 {announced} at Hugging Face, the {RitualManifest.FileName} of its repository demands {demanded}; it is not used");
        }

        var size = response.OriginHeader("X-Linked-Size") ?? (response.Status == HttpStatusCode.OK ? response.Header("Content-Length") : null);
        var get = new SourceRequest(HttpMethod.Get, Address(id, commit ?? revision, id.File!), _token);
        return new HttpSourceFile(_http, get, answer => HuggingFaceErrors.Refusal(id, answer, _token is not null))
        {
            Length = long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null,
            Revision = commit,
            ETag = tag,
            Sha256 = announced ?? demanded,
            GitBlobSha1 = HuggingFaceNames.IsCommit(tag) ? tag : null,
        };
    }

    private Uri Address(ModelId id, string revision, string file)
    {
        var path = string.Join('/', file.Split('/').Select(Uri.EscapeDataString));
        return new Uri($"{_endpoint}/{id.Repository}/resolve/{Uri.EscapeDataString(revision)}/{path}");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Id}: {Problem}; using the copy in the hub's cache")]
    private partial void LogUsingCache(ModelId id, string problem);
}
