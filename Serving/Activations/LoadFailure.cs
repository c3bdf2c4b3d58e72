using Granary.Serving.Models;

namespace Granary.Serving.Activations;

/// <summary>The last failed load, how many failed in a row, and until when calls fail at once.</summary>
internal sealed record LoadFailure(ServingException Error, int Attempts, long FailedAt, TimeSpan Backoff)
{
    /// <summary>The failure that follows <paramref name="previous"/>; the back-off doubles with each.</summary>
    public static LoadFailure After(LoadFailure? previous, ServingException error, ActivationOptions options, TimeProvider time)
    {
        var attempts = (previous?.Attempts ?? 0) + 1;
        var seconds = Math.Min(options.LoadBackoff.TotalSeconds * Math.Pow(2, attempts - 1), options.MaxLoadBackoff.TotalSeconds);
        return new LoadFailure(error, attempts, time.GetTimestamp(), TimeSpan.FromSeconds(seconds));
    }

    /// <summary>Throws until the back-off has passed.</summary>
    public void ThrowWhileFresh(ModelKey key, TimeProvider time)
    {
        var left = Backoff - time.GetElapsedTime(FailedAt);
        if (left > TimeSpan.Zero)
        {
            throw new ServingException(IsLasting(Error.Error) ? Error.Error : ServingError.Unavailable,
                $"{(Error.Message.Contains($"'{key}'", StringComparison.Ordinal) ? string.Empty : $"model '{key}' failed to load: ")}{Error.Message}; the next attempt is possible in {Math.Ceiling(left.TotalSeconds)} s", Error)
            {
                RetryAfter = left,
            };
        }
    }

    // What is wrong with the request or the file stays what it is; it would confuse a client to hear 404 first and 503 then.
    private static bool IsLasting(ServingError error) => error is ServingError.NotFound or ServingError.InvalidArgument
        or ServingError.PermissionDenied or ServingError.Unauthenticated or ServingError.TooLarge or ServingError.Unsupported;
}
