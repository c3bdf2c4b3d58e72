namespace Granary.Api.Grpc;

/// <summary>Names and values of the protocol's own headers.</summary>
internal static class GrpcHeaders
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string RetryPushback = "grpc-retry-pushback-ms";

    /// <summary>Stands before every name that is the protocol's own.</summary>
    public const string ReservedPrefix = "grpc-";

    /// <summary>Ends the name of metadata whose value is bytes, in base64.</summary>
    public const string BinarySuffix = "-bin";

    private const string Proto = "+proto";

    /// <summary>Whether a content type is that of gRPC with protobuf messages: <c>application/grpc</c>, also with <c>+proto</c> or parameters.</summary>
    public static bool IsGrpc(string? contentType)
    {
        if (contentType is null || !contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase))
            return false;
        var rest = contentType.AsSpan(ContentType.Length);
        if (rest.StartsWith(Proto, StringComparison.OrdinalIgnoreCase))
            rest = rest[Proto.Length..];
        return rest.IsEmpty || rest[0] is ';' or ' ';
    }
}
