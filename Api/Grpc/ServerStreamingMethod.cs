namespace Granary.Api.Grpc;

/// <summary>One request, any number of responses.</summary>
internal sealed class ServerStreamingMethod<TRequest, TResponse>(
    string name,
    GrpcCodec<TRequest> requests,
    GrpcCodec<TResponse> responses,
    Func<TRequest, GrpcResponseStream<TResponse>, GrpcCall, Task> handler) : GrpcMethod(name)
{
    public override bool StreamsRequests => false;

    public override async Task InvokeAsync(GrpcCall call)
    {
        await call.Input.ReadOnlyAsync(call.ReadCancellation);
        var request = requests.Read(call.Input.Message);
        try
        {
            await handler(request, new GrpcResponseStream<TResponse>(call, responses), call);
        }
        finally
        {
            requests.Release(request);
        }
    }
}
