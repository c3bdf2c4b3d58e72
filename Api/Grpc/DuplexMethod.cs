namespace Granary.Api.Grpc;

/// <summary>Any number of requests and responses, in any order.</summary>
internal sealed class DuplexMethod<TRequest, TResponse>(
    string name,
    GrpcCodec<TRequest> requests,
    GrpcCodec<TResponse> responses,
    Func<GrpcRequestStream<TRequest>, GrpcResponseStream<TResponse>, GrpcCall, Task> handler) : GrpcMethod(name)
{
    public override bool StreamsRequests => true;

    public override async Task InvokeAsync(GrpcCall call)
    {
        using var stream = new GrpcRequestStream<TRequest>(call, requests);
        await handler(stream, new GrpcResponseStream<TResponse>(call, responses), call);
    }
}
