using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Granary.Api.Grpc;

/// <summary>
/// Collects the handlers of a service. Methods are named as in the .proto file, which also says whether they stream; a codec is
/// needed only where messages are not the generated ones.
/// </summary>
internal sealed class GrpcServiceBuilder(ServiceDescriptor service)
{
    private readonly List<GrpcMethod> _methods = [];

    /// <summary>What was added so far.</summary>
    public IReadOnlyList<GrpcMethod> Methods => _methods;

    /// <summary>One request, one response.</summary>
    public GrpcServiceBuilder Unary<TRequest, TResponse>(
        string name,
        Func<TRequest, GrpcCall, ValueTask<TResponse>> handler,
        GrpcCodec<TRequest>? requests = null,
        GrpcCodec<TResponse>? responses = null)
    {
        var method = Find(name, streamsRequests: false, streamsResponses: false);
        return Add(new UnaryMethod<TRequest, TResponse>(method.Name, Codec(method.InputType, requests), Codec(method.OutputType, responses), handler));
    }

    /// <summary>One request, any number of responses.</summary>
    public GrpcServiceBuilder ServerStreaming<TRequest, TResponse>(
        string name,
        Func<TRequest, GrpcResponseStream<TResponse>, GrpcCall, Task> handler,
        GrpcCodec<TRequest>? requests = null,
        GrpcCodec<TResponse>? responses = null)
    {
        var method = Find(name, streamsRequests: false, streamsResponses: true);
        return Add(new ServerStreamingMethod<TRequest, TResponse>(method.Name, Codec(method.InputType, requests), Codec(method.OutputType, responses), handler));
    }

    /// <summary>Any number of requests, one response.</summary>
    public GrpcServiceBuilder ClientStreaming<TRequest, TResponse>(
        string name,
        Func<GrpcRequestStream<TRequest>, GrpcCall, Task<TResponse>> handler,
        GrpcCodec<TRequest>? requests = null,
        GrpcCodec<TResponse>? responses = null)
    {
        var method = Find(name, streamsRequests: true, streamsResponses: false);
        return Add(new ClientStreamingMethod<TRequest, TResponse>(method.Name, Codec(method.InputType, requests), Codec(method.OutputType, responses), handler));
    }

    /// <summary>Any number of both, in any order.</summary>
    public GrpcServiceBuilder Duplex<TRequest, TResponse>(
        string name,
        Func<GrpcRequestStream<TRequest>, GrpcResponseStream<TResponse>, GrpcCall, Task> handler,
        GrpcCodec<TRequest>? requests = null,
        GrpcCodec<TResponse>? responses = null)
    {
        var method = Find(name, streamsRequests: true, streamsResponses: true);
        return Add(new DuplexMethod<TRequest, TResponse>(method.Name, Codec(method.InputType, requests), Codec(method.OutputType, responses), handler));
    }

    private GrpcServiceBuilder Add(GrpcMethod method)
    {
        _methods.Add(method);
        return this;
    }

    private MethodDescriptor Find(string name, bool streamsRequests, bool streamsResponses)
    {
        var method = service.FindMethodByName(name) ?? throw new ArgumentException($"{service.FullName} has no method {name}", nameof(name));
        return method.IsClientStreaming == streamsRequests && method.IsServerStreaming == streamsResponses
            ? method
            : throw new ArgumentException($"{method.FullName} does not stream that way", nameof(name));
    }

    private static GrpcCodec<TMessage> Codec<TMessage>(MessageDescriptor type, GrpcCodec<TMessage>? codec)
    {
        if (codec is not null)
            return codec;
        // A generated message satisfies the constraint of the codec, which the compiler cannot know here.
        return typeof(TMessage) == type.ClrType
            ? (GrpcCodec<TMessage>)Activator.CreateInstance(typeof(ProtobufCodec<>).MakeGenericType(typeof(TMessage)), type.Parser)!
            : throw new ArgumentException($"{typeof(TMessage).Name} is not the generated {type.FullName}, so it needs a codec");
    }
}
