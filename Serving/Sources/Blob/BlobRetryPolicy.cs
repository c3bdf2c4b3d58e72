using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.Extensions.Logging;

namespace Granary.Serving.Sources.Blob;

/// <summary>Azure.Core's retries, less those for which the service wants a longer wait than the operator allows.</summary>
internal sealed partial class BlobRetryPolicy(SourceHttpOptions options, ILogger log)
    : RetryPolicy(options.MaxAttempts - 1, DelayStrategy.CreateExponentialDelayStrategy(options.FirstRetryDelay, options.MaxRetryDelay))
{
    private readonly ILogger _log = log;

    protected override bool ShouldRetry(HttpMessage message, Exception? exception)
        => IsSoonEnough(message) && base.ShouldRetry(message, exception);

    protected override async ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception)
        => IsSoonEnough(message) && await base.ShouldRetryAsync(message, exception).ConfigureAwait(false);

    protected override void OnRequestSent(HttpMessage message)
    {
        if (message.HasResponse && message.ResponseClassifier.IsRetriableResponse(message))
            LogTrouble(message.Response.Status, BlobErrors.Code(message.Response), message.ProcessingContext.RetryNumber + 1);
        base.OnRequestSent(message);
    }

    protected override ValueTask OnRequestSentAsync(HttpMessage message)
    {
        OnRequestSent(message);
        return default;
    }

    private bool IsSoonEnough(HttpMessage message)
        => !message.HasResponse || BlobErrors.RetryAfter(message.Response) is not { } delay || delay <= options.MaxRetryDelay;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Azure Blob storage answered {Status} {Code}; that was try {Attempt}")]
    private partial void LogTrouble(int status, string code, int attempt);
}
