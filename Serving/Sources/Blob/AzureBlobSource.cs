using Azure.Core;
using Azure.Core.Pipeline;
using Granary.Serving.Models;
using Granary.Serving.Sources.Manifests;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources.Blob;

/// <summary>
/// Azure Blob storage. <c>blob/container/path</c> is a blob, or a folder with one model; <c>blob/container/path:file</c> is a
/// file of a folder. Where a folder has a <c>ritual_manifest.json</c>, it chooses the file, and its SHA-256 is demanded.
/// </summary>
internal sealed class AzureBlobSource : IModelSource
{
    private readonly BlobClient? _client;

    public AzureBlobSource(
        IOptions<BlobStorageOptions> options, IOptions<SourceHttpOptions> http, TimeProvider time, ILogger<AzureBlobSource> log)
        : this(options, http, time, log, credential: null, transport: null)
    {
    }

    /// <summary>With another identity or network than the real ones.</summary>
    internal AzureBlobSource(
        IOptions<BlobStorageOptions> options, IOptions<SourceHttpOptions> http, TimeProvider time, ILogger<AzureBlobSource> log,
        TokenCredential? credential, HttpPipelineTransport? transport)
    {
        if (BlobAccount.Read(options.Value, []) is { } account)
            _client = new BlobClient(account, BlobPipelines.Build(account, http.Value, time, log, credential, transport), log);
    }

    public ModelSourceKind Kind => ModelSourceKind.Blob;

    public async Task<SourceFile> ResolveAsync(ModelId id, bool trusted, CancellationToken cancellation)
    {
        // The parser refuses all of this; an id that was put together by hand comes here too.
        if (ModelIdParser.Fault(id) is { } fault)
            throw new ServingException(ServingError.InvalidArgument, fault);
        if (_client is null)
        {
            throw new ServingException(ServingError.Unsupported,
                $"this server has no blob storage; the operator sets {BlobStorageOptions.SectionName}:BlobEndpoint or :ConnectionString");
        }

        var slash = id.Repository.IndexOf('/');
        var place = slash < 0 ? new BlobPath(id.Repository, "") : new BlobPath(id.Repository[..slash], id.Repository[(slash + 1)..]);
        if (id.File is null && await _client.HeadAsync(id, place, cancellation).ConfigureAwait(false) is { } found)
            return Describe(id, place, found, sha256: null);
        return await ResolveInFolderAsync(_client, id, place, cancellation).ConfigureAwait(false);
    }

    private async Task<SourceFile> ResolveInFolderAsync(BlobClient client, ModelId id, BlobPath folder, CancellationToken cancellation)
    {
        var json = await client.ReadManifestAsync(id, In(folder, RitualManifest.FileName), cancellation).ConfigureAwait(false);
        var manifest = json is null ? null : RitualManifest.Parse(json, id);
        var names = id.File is null && manifest is not { Files.Count: > 0 }
            ? await client.ListAsync(id, folder, cancellation).ConfigureAwait(false)
            : [];
        if (id.File is null && manifest is null && names.Count == 0)
            throw new ServingException(ServingError.NotFound, $"Azure Blob storage has neither a blob nor a folder {ModelIdText.Quote(id.ToString())}");
        var name = ModelFiles.Choose(id, manifest, () => names);
        var path = In(folder, name);
        var found = await client.HeadAsync(id, path, cancellation).ConfigureAwait(false)
            ?? throw new ServingException(ServingError.NotFound, $"Azure Blob storage has no blob '{name}' for {ModelIdText.Quote(id.ToString())}");
        return Describe(id, path, found, manifest?.Sha256(name));
    }

    private BlobSourceFile Describe(ModelId id, BlobPath path, BlobProperties found, string? sha256)
        => new(_client!, id, path)
        {
            Length = found.Length,
            ETag = found.ETag,
            Revision = found.ETag?.Trim('"'),
            Sha256 = sha256,
            ContentMd5 = found.ContentMd5,
        };

    private static BlobPath In(BlobPath folder, string name)
        => folder with { Name = folder.Name.Length == 0 ? name : $"{folder.Name}/{name}" };
}
