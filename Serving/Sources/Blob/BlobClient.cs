using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Granary.Serving.Models;
using Granary.Serving.Sources.Manifests;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Sources.Blob;

/// <summary>
/// The three questions that reading needs: properties, content, names. Source: the REST API of the blob service,
/// https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api.
/// </summary>
internal sealed partial class BlobClient(BlobAccount account, HttpPipeline pipeline, ILogger log)
{
    private const string ApiVersion = "2023-11-03";
    private const int MaxPages = 10;
    private const int MaxRepositoryPages = 40;
    private const int PageLength = 5000;
    private const int MaxPageBytes = 16 << 20;

    private readonly ILogger _log = log;

    /// <summary>The properties of a blob; null when there is no such blob, or a folder in its place.</summary>
    public async Task<BlobProperties?> HeadAsync(ModelId id, BlobPath path, CancellationToken cancellation)
    {
        using var message = Message(RequestMethod.Head, account.Blob(path.Container, path.Name));
        var response = await SendAsync(id, message, cancellation).ConfigureAwait(false);
        if (response.Status == 404 && BlobErrors.Code(response) is "BlobNotFound" or "ResourceNotFound" or "")
            return null;
        if (response.Status != 200)
            throw BlobErrors.Refusal(id, response, account.Access);
        return BlobProperties.Read(response);
    }

    /// <summary>Opens the content from an offset on, if it is still the one with that tag. The caller disposes the message.</summary>
    public async Task<HttpMessage> OpenAsync(ModelId id, BlobPath path, long offset, string? etag, CancellationToken cancellation)
    {
        var message = Message(RequestMethod.Get, account.Blob(path.Container, path.Name));
        try
        {
            message.BufferResponse = false;
            if (etag is not null)
                message.Request.Headers.SetValue("If-Match", etag);
            if (offset > 0)
                message.Request.Headers.SetValue("x-ms-range", $"bytes={offset}-");
            var response = await SendAsync(id, message, cancellation).ConfigureAwait(false);
            return response.Status is 200 or 206 ? message : throw BlobErrors.Refusal(id, response, account.Access);
        }
        catch
        {
            message.Dispose();
            throw;
        }
    }

    /// <summary>A folder's manifest; null when there is none.</summary>
    /// <exception cref="ServingException">It is not small, or the service failed.</exception>
    public async Task<byte[]?> ReadManifestAsync(ModelId id, BlobPath path, CancellationToken cancellation)
    {
        try
        {
            return await ReadSmallAsync(id, path, null, RitualManifest.MaxBytes, cancellation).ConfigureAwait(false) ?? throw RitualManifest.TooLong(id);
        }
        catch (ServingException error) when (error.Error == ServingError.NotFound)
        {
            return null;
        }
    }

    /// <summary>The whole content of a small blob, if it is still the one with that tag; null when it is longer than the limit.</summary>
    /// <exception cref="ServingException">There is no such blob, or the service failed.</exception>
    /// <exception cref="SourceChangedException">It is another one.</exception>
    public async Task<byte[]?> ReadSmallAsync(ModelId id, BlobPath path, string? etag, int maxBytes, CancellationToken cancellation)
    {
        try
        {
            using var message = await OpenAsync(id, path, 0, etag, cancellation).ConfigureAwait(false);
            return await SmallBody.ReadAsync(message.Response.ContentStream!, maxBytes, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new ServingException(ServingError.SourceFailed, $"the connection to Azure Blob storage broke while {ModelIdText.Quote(id.ToString())} was read", error);
        }
    }

    /// <summary>The names of the blobs right below a folder, relative to it.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(ModelId id, BlobPath folder, CancellationToken cancellation) =>
        [.. (await ListAsync(id, folder, "&delimiter=%2F", MaxPages, cancellation).ConfigureAwait(false) ?? throw new ServingException(ServingError.NotFound,
            $"model id {ModelIdText.Quote(id.ToString())} is a folder of very many blobs; name the file after ':'")).Select(static entry => entry.Name)];

    /// <summary>Every blob below a folder at any depth; names are relative to it. An empty name is the whole container.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.TooLarge"/>: they are too many to look through.</exception>
    public async Task<IReadOnlyList<BlobEntry>> ListAllAsync(ModelId id, BlobPath folder, CancellationToken cancellation) =>
        await ListAsync(id, folder, "", MaxRepositoryPages, cancellation).ConfigureAwait(false)
            ?? throw new ServingException(ServingError.TooLarge, $"{ModelIdText.Quote(id.ToString())} holds more than {MaxRepositoryPages * PageLength:N0} blobs");

    private async Task<IReadOnlyList<BlobEntry>?> ListAsync(ModelId id, BlobPath folder, string more, int maxPages, CancellationToken cancellation)
    {
        var entries = new List<BlobEntry>();
        var marker = "";
        var prefix = folder.Name.Length == 0 ? "" : folder.Name + "/";
        for (var page = 0; page < maxPages; page++)
        {
            var query = $"restype=container&comp=list{more}&prefix={Uri.EscapeDataString(prefix)}"
                + (marker.Length == 0 ? "" : "&marker=" + Uri.EscapeDataString(marker));
            using var message = Message(RequestMethod.Get, new Uri($"{account.Container(folder.Container).OriginalString}?{query}"));
            var response = await SendAsync(id, message, cancellation).ConfigureAwait(false);
            if (response.Status != 200)
                throw BlobErrors.Refusal(id, response, account.Access);
            marker = BlobListing.Read(response.Content.ToMemory(), prefix, entries, id);
            if (marker.Length == 0)
                return entries;
        }

        return null;
    }

    private HttpMessage Message(RequestMethod method, Uri uri)
    {
        var message = pipeline.CreateMessage();
        message.Request.Method = method;
        message.Request.Uri.Reset(uri);
        message.Request.Headers.SetValue("x-ms-version", ApiVersion);
        return message;
    }

    private async Task<Response> SendAsync(ModelId id, HttpMessage message, CancellationToken cancellation)
    {
        try
        {
            await pipeline.SendAsync(message, cancellation).ConfigureAwait(false);
            return message.Response;
        }
        catch (AuthenticationFailedException error)
        {
            LogNoToken(error);
            throw new ServingException(ServingError.SourceFailed,
                $"{ModelIdText.Quote(id.ToString())} could not be asked for: this server got no token for Azure Blob storage (its log says why)", error);
        }
        catch (Exception error) when (error is RequestFailedException or AggregateException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            LogUnreachable(error);
            throw new ServingException(ServingError.SourceFailed,
                $"Azure Blob storage could not be reached for {ModelIdText.Quote(id.ToString())}, or did not answer in time", error);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "no token for Azure Blob storage")]
    private partial void LogNoToken(Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Azure Blob storage could not be reached")]
    private partial void LogUnreachable(Exception error);
}

/// <summary>A blob, or a folder of blobs.</summary>
/// <param name="Container">Name of the container.</param>
/// <param name="Name">Path inside it.</param>
internal readonly record struct BlobPath(string Container, string Name);
