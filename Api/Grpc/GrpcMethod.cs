namespace Granary.Api.Grpc;

/// <summary>A method with its handler: reads requests, runs the handler, writes responses. What it throws becomes the status.</summary>
internal abstract class GrpcMethod(string name)
{
    /// <summary>As in the .proto file, without the service.</summary>
    public string Name { get; } = name;

    /// <summary>Whether the caller may take any time between its messages.</summary>
    public abstract bool StreamsRequests { get; }

    /// <summary>Answers one call.</summary>
    public abstract Task InvokeAsync(GrpcCall call);
}
