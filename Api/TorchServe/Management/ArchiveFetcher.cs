using Granary.Serving;
using Granary.Serving.Models;
using Granary.Serving.Sources;
using Granary.Serving.Sources.Urls;
using Granary.Serving.Weights;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe.Management;

/// <summary>
/// Finds what a registration calls <c>url</c>: a file or directory of a model store; a URL that the operator allowed, which is downloaded
/// into the first store; or a model id of this service. Never any other path of this host.
/// </summary>
internal sealed class ArchiveFetcher : IDisposable
{
    private readonly ModelStores _stores;
    private readonly UrlRules _rules;
    private readonly UrlDownloader _downloader;
    private readonly ISourcePolicy? _policy;
    private readonly IWeightsStore? _weights;

    public ArchiveFetcher(ModelStores stores, IOptions<TorchServeOptions> options, IServiceProvider services)
    {
        _stores = stores;
        _rules = new UrlRules(options.Value.AllowedUrls);
        _downloader = new UrlDownloader(_rules, new UrlDownloadOptions { AllowPrivateAddresses = options.Value.AllowPrivateAddresses, MaxBytes = options.Value.MaxDownloadBytes });
        // A host that only joins a cluster has no sources of its own.
        _policy = services.GetService<ISourcePolicy>();
        _weights = services.GetService<IWeightsStore>();
    }

    /// <summary>Makes the archive present.</summary>
    /// <param name="url">As the client gave it.</param>
    /// <param name="sha256">What it must have; null for anything.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="TorchServeException">404, or 400.</exception>
    /// <exception cref="ServingException">What the source says.</exception>
    public async Task<FetchedArchive> FetchAsync(string url, string? sha256, CancellationToken cancellation)
    {
        if (url.Contains("..", StringComparison.Ordinal))
            throw NotFound($"Relative path is not allowed in url: {url}");
        if (url.Contains("://", StringComparison.Ordinal))
            return await FetchUrlAsync(url, sha256, cancellation);
        if (_stores.Find(url) is { } path)
            return Local(path, isTrusted: true);
        return ModelIdParser.TryParse(url, out var id, out _) ? await FetchModelAsync(id, sha256, cancellation) : throw NotFound($"Model not found at: {url}");
    }

    /// <summary>Deletes a download that nobody needs any longer.</summary>
    public void Remove(ModelDefinition definition)
    {
        if (definition.UrlText().Contains("://", StringComparison.Ordinal) && !definition.UrlText().StartsWith("file:", StringComparison.OrdinalIgnoreCase)
            && definition.Source is { Source: ModelSourceKind.Local, File: null } source && _stores.Holds(source.Repository))
            File.Delete(source.Repository);
    }

    /// <inheritdoc/>
    public void Dispose() => _downloader.Dispose();

    private async Task<FetchedArchive> FetchUrlAsync(string text, string? sha256, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
            throw NotFound($"'{text}' is no URL");
        if (!_rules.Allows(url.AbsoluteUri))
            throw NotFound($"Given URL {text} does not match any allowed URL(s)");
        if (url.IsFile)
            return FetchFile(url, text);
        var target = Path.Combine(_stores.First, FileName(url));
        try
        {
            await _downloader.DownloadAsync(url, target, sha256, cancellation);
        }
        catch (ServingException exception) when (exception.Error == ServingError.AlreadyExists)
        {
            throw new TorchServeException(StatusCodes.Status500InternalServerError, "InternalServerException", exception.Message);
        }
        catch (ServingException exception) when (exception.Error == ServingError.PermissionDenied)
        {
            throw NotFound(exception.Message);
        }
        catch (ServingException exception)
        {
            throw new TorchServeException(StatusCodes.Status400BadRequest, "DownloadArchiveException", $"Failed to download archive from: {text}: {exception.Message}");
        }

        return Local(RealPath.Find(target)!, isTrusted: true) with { IsDownloaded = true };
    }

    // The operator's expression must allow what links lead to as well.
    private FetchedArchive FetchFile(Uri url, string text)
    {
        if (url.Host.Length > 0 || RealPath.Find(url.LocalPath) is not { } path)
            throw NotFound($"Model not found at: {text}");
        if (!_rules.Allows(new Uri(path).AbsoluteUri) || url.LocalPath.Contains('\\'))
            throw NotFound($"Given URL {text} does not match any allowed URL(s)");
        return Local(path, isTrusted: true);
    }

    private async Task<FetchedArchive> FetchModelAsync(ModelId id, string? sha256, CancellationToken cancellation)
    {
        if (_weights is null)
            throw TorchServeException.BadRequest("this service joins a cluster and has no sources of its own; name a file of the model store, or use the admin API");
        _policy?.Check(id, trusted: false);
        var lease = await _weights.AcquireAsync(id, new WeightsRequest(sha256, Trusted: false), cancellation);
        return new FetchedArchive(lease.Path, id, IsTrusted: false, lease);
    }

    private static FetchedArchive Local(string path, bool isTrusted)
    {
        var id = new ModelId(ModelSourceKind.Local, path, null, null);
        return ModelIdParser.Fault(id) is { } fault ? throw TorchServeException.BadRequest(fault) : new FetchedArchive(path, id, isTrusted, null);
    }

    private static string FileName(Uri url)
    {
        var name = Uri.UnescapeDataString(url.Segments[^1]);
        var isPlain = name.Length is > 0 and <= 255 && name[0] != '.' && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');
        return isPlain ? name : throw NotFound($"the URL ends in '{name}'; expected a file name of letters, digits and _ - . such as model.mar");
    }

    private static TorchServeException NotFound(string message) => new(StatusCodes.Status404NotFound, "ModelNotFoundException", message);
}

/// <summary>An archive on this disk, until it is disposed.</summary>
/// <param name="Path">Never shown to a client.</param>
/// <param name="Source">Where the weights store finds it.</param>
/// <param name="IsTrusted">Whether the operator named it, through a store or an allowed URL.</param>
/// <param name="Lease">Keeps a cached file; null for others.</param>
internal sealed record FetchedArchive(string Path, ModelId Source, bool IsTrusted, IDisposable? Lease) : IDisposable
{
    /// <summary>Whether it came just now, so that it goes again when it cannot be registered.</summary>
    public bool IsDownloaded { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Lease?.Dispose();
}
