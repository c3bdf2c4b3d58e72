using System.Buffers;
using Google.Protobuf;

namespace Granary.Api.Grpc;

/// <summary>Generated messages; everything in them is a copy.</summary>
internal sealed class ProtobufCodec<TMessage>(MessageParser<TMessage> parser) : GrpcCodec<TMessage>
    where TMessage : IMessage<TMessage>
{
    public override TMessage Read(in ReadOnlySequence<byte> bytes) => parser.ParseFrom(bytes);

    public override long SizeOf(TMessage message) => message.CalculateSize();

    public override void Write(TMessage message, IBufferWriter<byte> output) => message.WriteTo(output);
}
