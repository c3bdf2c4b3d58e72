using Granary.Api.Grpc.Protos.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Granary.Api.Grpc.Services;

/// <summary>
/// The standard reflection protocol, version 1, for tools such as grpcurl.
/// Source: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md.
/// </summary>
internal sealed class ReflectionService(ReflectionIndex index) : IGrpcService
{
    public ServiceDescriptor Descriptor { get; } = ReflectionReflection.Descriptor.Services[0];

    public bool NeedsBearer => false;

    public void Bind(GrpcServiceBuilder methods) =>
        methods.Duplex<ServerReflectionRequest, ServerReflectionResponse>("ServerReflectionInfo", index.AnswerAsync);
}

/// <summary>The same under its older name, which most tools still try first or last. The messages are the same on the wire.</summary>
internal sealed class ReflectionAlphaService(ReflectionIndex index) : IGrpcService
{
    public ServiceDescriptor Descriptor { get; } = Protos.ReflectionAlpha.ReflectionReflection.Descriptor.Services[0];

    public bool NeedsBearer => false;

    public void Bind(GrpcServiceBuilder methods) => methods.Duplex(
        "ServerReflectionInfo",
        index.AnswerAsync,
        new ProtobufCodec<ServerReflectionRequest>(ServerReflectionRequest.Parser),
        new ProtobufCodec<ServerReflectionResponse>(ServerReflectionResponse.Parser));
}
