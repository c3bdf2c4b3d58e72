namespace Granary.Api.Grpc;

/// <summary>Any number of requests, one response.</summary>
internal sealed class ClientStreamingMethod<TRequest, TResponse>(
    string name,
    GrpcCodec<TRequest> requests,
    GrpcCodec<TResponse> responses,
    Func<GrpcRequestStream<TRequest>, GrpcCall, Task<TResponse>> handler) : GrpcMethod(name)
{
    public override bool StreamsRequests => true;

    public override async Task InvokeAsync(GrpcCall call)
    {
        using var stream = new GrpcRequestStream<TRequest>(call, requests);
        var response = await handler(stream, call);
        await call.Output.WriteAndReleaseAsync(responses, response, call.ReadCancellation);
    }
}
