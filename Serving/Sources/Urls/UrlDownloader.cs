using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Granary.Serving.Sources.Urls;

/// <summary>
/// Fetches a file by URL. Every hop of a redirect is checked like the first URL, and the connection goes to the very address that was
/// checked, so a name that resolves differently the second time gains nothing. Safe for concurrent use.
/// </summary>
public sealed class UrlDownloader : IDisposable
{
    private const int BufferBytes = 128 * 1024;
    private readonly UrlRules _rules;
    private readonly UrlDownloadOptions _options;
    private readonly Func<IPAddress, bool> _isPublic;
    private readonly HttpClient _client;

    /// <param name="rules">Which URLs are allowed.</param>
    /// <param name="options">Limits.</param>
    public UrlDownloader(UrlRules rules, UrlDownloadOptions options)
        : this(rules, options, PublicAddresses.IsPublic)
    {
    }

    internal UrlDownloader(UrlRules rules, UrlDownloadOptions options, Func<IPAddress, bool> isPublic)
    {
        _isPublic = isPublic;
        _rules = rules;
        _options = options;
        // A proxy would choose the address itself, past the check.
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectCallback = ConnectAsync, ConnectTimeout = options.Patience })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("Granary");
    }

    /// <summary>Downloads a file and puts it in place by rename; nothing is left behind when that fails.</summary>
    /// <param name="url">Must be allowed.</param>
    /// <param name="target">Must not exist.</param>
    /// <param name="sha256">Lower-case hex that the content must have; null for any.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException"><see cref="ServingError.PermissionDenied"/>: a URL or an address is not allowed;
    /// <see cref="ServingError.AlreadyExists"/>; <see cref="ServingError.TooLarge"/>; <see cref="ServingError.SourceFailed"/>.</exception>
    public async Task DownloadAsync(Uri url, string target, string? sha256, CancellationToken cancellation)
    {
        if (Path.Exists(target))
            throw Exists(target);
        using var response = await SendAsync(url, cancellation);
        if (response.Content.Headers.ContentLength > _options.MaxBytes)
            throw TooLarge();
        var temporary = $"{Path.GetDirectoryName(target)}/.{Guid.NewGuid():N}.part";
        try
        {
            await SaveAsync(response, temporary, sha256, cancellation);
            File.Move(temporary, target, overwrite: false);
        }
        catch (IOException) when (Path.Exists(target))
        {
            throw Exists(target);
        }
        catch (IOException exception)
        {
            throw new ServingException(ServingError.SourceFailed, $"the download from {Show(url)} failed: {exception.Message}", exception);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendAsync(Uri url, CancellationToken cancellation)
    {
        for (var hop = 0; hop <= _options.MaxRedirects; hop++)
        {
            Check(url);
            var response = await SendOnceAsync(url, cancellation);
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
            {
                if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
                    throw new ServingException(ServingError.SourceFailed, $"{Show(url)} answers {(int)response.StatusCode}");
                url = new Uri(url, location);
            }
        }

        throw new ServingException(ServingError.SourceFailed, $"{Show(url)} is behind more than {_options.MaxRedirects} redirects");
    }

    private async Task<HttpResponseMessage> SendOnceAsync(Uri url, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.Patience);
        try
        {
            return await _client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        }
        catch (HttpRequestException exception) when (exception.InnerException is ServingException refused)
        {
            throw refused;
        }
        catch (HttpRequestException exception)
        {
            throw new ServingException(ServingError.SourceFailed, $"{Show(url)} cannot be reached: {exception.Message}", exception);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ServingException(ServingError.SourceFailed, $"{Show(url)} does not answer", exception);
        }
    }

    private void Check(Uri url)
    {
        if (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp)
            throw new ServingException(ServingError.PermissionDenied, $"'{Show(url)}' is no http or https URL");
        if (!_rules.Allows(url.AbsoluteUri))
            throw new ServingException(ServingError.PermissionDenied, $"Given URL {Show(url)} does not match any allowed URL(s)");
        if (url.UserInfo.Length > 0)
            throw new ServingException(ServingError.PermissionDenied, "a URL with a user name is not allowed");
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellation);
        if (!_options.AllowPrivateAddresses && Array.Find(addresses, address => !_isPublic(address)) is { } inside)
            throw new ServingException(ServingError.PermissionDenied, $"the host '{host}' is {inside}, a private, loopback or reserved address, which no URL may lead to");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task SaveAsync(HttpResponseMessage response, string path, string? sha256, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var input = await response.Content.ReadAsStreamAsync(cancellation);
        await using var output = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, useAsync: true);
        var buffer = new byte[BufferBytes];
        long total = 0;
        while (await ReadAsync(input, buffer, cancellation) is > 0 and var read)
        {
            total += read;
            if (total > _options.MaxBytes)
                throw TooLarge();
            hash.AppendData(buffer, 0, read);
            await output.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }

        if (response.Content.Headers.ContentLength is { } announced && announced != total)
            throw new ServingException(ServingError.SourceFailed, $"the download broke off after {total:N0} of {announced:N0} bytes");
        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (sha256 is not null && !sha256.Equals(found, StringComparison.OrdinalIgnoreCase))
            throw new ServingException(ServingError.SourceFailed, $"the file has SHA-256 {found}, not {sha256}");
        output.Flush(flushToDisk: true);
    }

    private async ValueTask<int> ReadAsync(Stream input, byte[] buffer, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(_options.Patience);
        try
        {
            return await input.ReadAsync(buffer, patience.Token);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ServingException(ServingError.SourceFailed, $"the server sent nothing for {_options.Patience.TotalSeconds:0} s", exception);
        }
        catch (HttpIOException exception)
        {
            throw new ServingException(ServingError.SourceFailed, $"the download broke off: {exception.Message}", exception);
        }
    }

    private ServingException TooLarge() => new(ServingError.TooLarge, $"the file is longer than {_options.MaxBytes:N0} bytes, the most that is downloaded");

    private static ServingException Exists(string target) => new(ServingError.AlreadyExists, $"Model file already exists {Path.GetFileName(target)}");

    // Without query and user name, which may hold secrets.
    private static string Show(Uri url) => $"{url.Scheme}://{url.Authority}{url.AbsolutePath}";
}
