using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

/// <summary>
/// Asks over HTTP for all sources: follows redirects by hand so that a token never leaves its origin, tries again after 429 (as
/// long as <c>Retry-After</c> says), 5xx and broken connections, gives up after a bounded number of tries.
/// </summary>
internal sealed partial class SourceHttp : IDisposable
{
    private const int MaxRedirects = 10;

    private readonly HttpMessageInvoker _client;
    private readonly TimeProvider _time;
    private readonly SourceHttpOptions _options;
    private readonly ILogger<SourceHttp> _log;

    public SourceHttp(IOptions<SourceHttpOptions> options, TimeProvider time, ILogger<SourceHttp> log)
    {
        (_options, _time, _log) = (options.Value, time, log);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = _options.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        });
    }

    /// <summary>Asks until there is an answer that is neither 429 nor 5xx.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/> when the tries are used up.</exception>
    public async Task<SourceResponse> SendAsync(SourceRequest request, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (response, problem, retryAfter) = await TryAsync(request, cancellation).ConfigureAwait(false);
            if (response is not null)
                return response;
            if (attempt >= _options.MaxAttempts || retryAfter > _options.MaxRetryDelay)
                throw new ServingException(ServingError.SourceFailed, $"{problem} ({attempt} tries)") { RetryAfter = retryAfter };
            var delay = retryAfter ?? RetryDelays.After(attempt, _options.FirstRetryDelay, _options.MaxRetryDelay);
            LogRetry(problem!, attempt, _options.MaxAttempts, delay.TotalSeconds);
            await Task.Delay(delay, _time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The body of a small answer; null when it is longer than the limit.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: the connection broke, or it took too long.</exception>
    public async Task<byte[]?> ReadAsync(SourceResponse response, int maxBytes, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(_options.ResponseTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            var content = await response.Message.Content.ReadAsStreamAsync(either.Token).ConfigureAwait(false);
            return await SmallBody.ReadAsync(content, maxBytes, either.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new ServingException(ServingError.SourceFailed, "the connection broke while a small answer was read", error);
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Asks once: an answer that is neither 429 nor 5xx, or what was wrong and when the server wants to be asked again.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: a redirect that is not followed.</exception>
    public async Task<(SourceResponse? Response, string? Problem, TimeSpan? RetryAfter)> TryAsync(SourceRequest request, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(_options.ResponseTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            var response = await FollowAsync(request, either.Token).ConfigureAwait(false);
            if (response.Status is not HttpStatusCode.TooManyRequests and < HttpStatusCode.InternalServerError)
                return (response, null, null);
            using (response)
                return (null, $"{request.Uri.Host} answered {(int)response.Status}", RetryAfter(response.Message));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, $"{request.Uri.Host} did not answer within {_options.ResponseTimeout.TotalSeconds:N0} s", null);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return (null, $"{request.Uri.Host} could not be reached: {error.Message}", null);
        }
    }

    private async Task<SourceResponse> FollowAsync(SourceRequest request, CancellationToken cancellation)
    {
        var hops = new List<HttpResponseMessage>();
        var hop = request.Uri;
        for (var redirects = 0; ; redirects++)
        {
            using var message = request.ToMessage(hop);
            var answer = await _client.SendAsync(message, cancellation).ConfigureAwait(false);
            if (request.IsOrigin(hop))
                hops.Add(answer);
            var next = Next(request, hop, answer);
            if (next is null)
                return new SourceResponse(answer, hops);
            answer.Dispose();
            hop = redirects < MaxRedirects ? next : throw Failed(request, $"sent more than {MaxRedirects} redirects");
        }
    }

    private static Uri? Next(SourceRequest request, Uri hop, HttpResponseMessage answer)
    {
        if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308))
            return null;
        if (answer.Headers.Location is not { } location || !Uri.TryCreate(hop, location, out var next))
            throw Failed(request, "sent a redirect without a valid Location");
        if (!request.IsOrigin(next) && !request.LeaveOrigin)
            return null;
        var isAllowed = next.Scheme == Uri.UriSchemeHttps || (next.Scheme == Uri.UriSchemeHttp && hop.Scheme == Uri.UriSchemeHttp);
        return isAllowed ? next : throw Failed(request, $"redirects from {hop.Scheme} to {next.Scheme}");
    }

    private TimeSpan? RetryAfter(HttpResponseMessage answer)
    {
        var delay = answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - _time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay;
    }

    private static ServingException Failed(SourceRequest request, string what)
        => new(ServingError.SourceFailed, $"{request.Uri.Host} {what}");

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}; try {Attempt} of {MaxAttempts}, next in {Seconds:F1} s")]
    private partial void LogRetry(string problem, int attempt, int maxAttempts, double seconds);
}
