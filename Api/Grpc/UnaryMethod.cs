namespace Granary.Api.Grpc;

/// <summary>One request, one response.</summary>
internal sealed class UnaryMethod<TRequest, TResponse>(
    string name,
    GrpcCodec<TRequest> requests,
    GrpcCodec<TResponse> responses,
    Func<TRequest, GrpcCall, ValueTask<TResponse>> handler) : GrpcMethod(name)
{
    public override bool StreamsRequests => false;

    public override async Task InvokeAsync(GrpcCall call)
    {
        await call.Input.ReadOnlyAsync(call.ReadCancellation);
        var request = requests.Read(call.Input.Message);
        try
        {
            var response = await handler(request, call);
            await call.Output.WriteAndReleaseAsync(responses, response, call.ReadCancellation);
        }
        finally
        {
            requests.Release(request);
        }
    }
}
