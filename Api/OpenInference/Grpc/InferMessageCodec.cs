using System.Buffers;
using Granary.Api.Grpc;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>Requests: read where they lie.</summary>
internal sealed class InferMessageCodec : GrpcCodec<InferMessage>
{
    public override InferMessage Read(in ReadOnlySequence<byte> bytes) => InferMessage.Read(bytes);

    public override void Release(InferMessage message) => message.Release();

    public override long SizeOf(InferMessage message) => throw new NotSupportedException("the server sends no requests");

    public override void Write(InferMessage message, IBufferWriter<byte> output) => throw new NotSupportedException("the server sends no requests");
}
