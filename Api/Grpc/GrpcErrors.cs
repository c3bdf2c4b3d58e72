using Google.Protobuf;
using Granary.Api.Http;
using Granary.Serving;

namespace Granary.Api.Grpc;

/// <summary>The gRPC status of each failure.</summary>
internal static class GrpcErrors
{
    /// <summary>The status of each failure of the serving core, as Triton answers where it knows the same failure.</summary>
    public static GrpcStatus StatusOf(ServingError error) => error switch
    {
        ServingError.InvalidArgument => GrpcStatus.InvalidArgument,
        ServingError.NotFound => GrpcStatus.NotFound,
        ServingError.AlreadyExists => GrpcStatus.AlreadyExists,
        ServingError.PermissionDenied => GrpcStatus.PermissionDenied,
        ServingError.Unauthenticated => GrpcStatus.Unauthenticated,
        ServingError.Unsupported => GrpcStatus.Unimplemented,
        ServingError.TooLarge => GrpcStatus.ResourceExhausted,
        ServingError.Overloaded => GrpcStatus.Unavailable,
        ServingError.Unavailable => GrpcStatus.Unavailable,
        ServingError.SourceFailed => GrpcStatus.Unavailable,
        ServingError.DeadlineExceeded => GrpcStatus.DeadlineExceeded,
        ServingError.Cancelled => GrpcStatus.Cancelled,
        ServingError.ModelFailed => GrpcStatus.Internal,
        _ => GrpcStatus.Internal,
    };

    /// <summary>Classifies what a call threw; what <see cref="Failure"/> does not know either stays inside and is a defect.</summary>
    public static GrpcFailure From(Exception exception)
    {
        switch (exception)
        {
            case GrpcException grpc:
                return new GrpcFailure(grpc.Status, grpc.Message);
            case InvalidProtocolBufferException:
                return new GrpcFailure(GrpcStatus.Internal, $"The request message cannot be parsed: {exception.Message}");
            default:
                var failure = Failure.From(exception);
                return new GrpcFailure(StatusOf(failure.Error), failure.Message) { RetryAfter = failure.RetryAfter, IsDefect = failure.IsDefect };
        }
    }
}

/// <summary>How a call failed.</summary>
internal readonly record struct GrpcFailure(GrpcStatus Status, string Message)
{
    /// <summary>When trying again makes sense; null when unknown.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the cause is a defect that the log should hold.</summary>
    public bool IsDefect { get; init; }
}
