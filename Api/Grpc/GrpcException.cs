namespace Granary.Api.Grpc;

/// <summary>
/// Ends a call with a status of its own choice; the message goes to the caller as it is. What the serving core throws needs no
/// translation: <see cref="GrpcErrors"/> has the table.
/// </summary>
internal sealed class GrpcException(GrpcStatus status, string message) : Exception(message)
{
    /// <summary>How the call ends; not <see cref="GrpcStatus.Ok"/>.</summary>
    public GrpcStatus Status { get; } = status;
}
