using Granary.Api.Grpc;
using Granary.Api.Http;

namespace Granary.Api.TorchServe.Grpc;

/// <summary>
/// Errors as TorchServe's gRPC services give them: the sentence, a line end, and the class of the exception.
/// Source: pytorch/serve, <c>InferenceImpl.java</c>, <c>ManagementImpl.java</c> and <c>GRPCUtils.java</c>.
/// </summary>
internal static class GrpcAnswers
{
    /// <summary>How a refused caller's call ends.</summary>
    public static GrpcException Denied(TorchServeException refusal) => new(GrpcStatus.PermissionDenied, Text(refusal));

    /// <summary>What a failure is in TorchServe's words; null for what is none: the caller went away, or a status of gRPC.</summary>
    public static TorchServeException? Find(Exception exception) => exception switch
    {
        TorchServeException known => known,
        GrpcException or OperationCanceledException => null,
        _ => Failure.From(exception) is { IsDefect: false } failure ? TorchServeErrors.From(failure) : null,
    };

    /// <summary>The sentence and the class.</summary>
    public static string Text(TorchServeException error) => $"{error.Message}\n{ClassOf(error)}";

    /// <summary>The status of an HTTP status.</summary>
    public static GrpcStatus StatusOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => GrpcStatus.InvalidArgument,
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => GrpcStatus.PermissionDenied,
        StatusCodes.Status404NotFound => GrpcStatus.NotFound,
        StatusCodes.Status409Conflict => GrpcStatus.Aborted,
        StatusCodes.Status413PayloadTooLarge => GrpcStatus.ResourceExhausted,
        StatusCodes.Status501NotImplemented => GrpcStatus.Unimplemented,
        StatusCodes.Status503ServiceUnavailable => GrpcStatus.Unavailable,
        < 500 => GrpcStatus.FailedPrecondition,
        _ => GrpcStatus.Internal,
    };

    private static string ClassOf(TorchServeException error) => error.Type switch
    {
        "BadRequestException" => "BadRequestException.()",
        "ModelNotFoundException" or "ModelVersionNotFoundException" or "InvalidModelException" or "DownloadArchiveException" => $"org.pytorch.serve.archive.{(error.Type == "DownloadArchiveException" ? "" : "model.")}{error.Type}",
        _ => $"org.pytorch.serve.http.{error.Type}",
    };
}
