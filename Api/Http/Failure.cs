using Granary.Serving;

namespace Granary.Api.Http;

/// <summary>What went wrong with a request, in the words of the serving core, whatever was thrown.</summary>
/// <param name="Error">The kind of failure, which each protocol maps to its own status.</param>
/// <param name="Message">Fit for the caller.</param>
/// <param name="RetryAfter">When trying again makes sense; null when unknown.</param>
internal readonly record struct Failure(ServingError Error, string Message, TimeSpan? RetryAfter)
{
    private const string Unexpected = "The server failed to handle this request; its log says why";

    /// <summary>Whether the cause is a defect that the log should hold.</summary>
    public bool IsDefect { get; private init; }

    /// <summary>Classifies an exception. Messages of unknown exceptions stay inside: they may name paths or internals.</summary>
    public static Failure From(Exception exception) => exception switch
    {
        ServingException serving => new Failure(serving.Error, serving.Message, serving.RetryAfter),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            new Failure(ServingError.TooLarge, "The request body is larger than this server accepts (option --max-body-bytes)", null),
        BadHttpRequestException bad => new Failure(ServingError.InvalidArgument, bad.Message, null),
        OperationCanceledException => new Failure(ServingError.Cancelled, "The request was cancelled", null),
        _ => new Failure(ServingError.Internal, Unexpected, null) { IsDefect = true },
    };
}
