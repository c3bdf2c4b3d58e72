using System.Buffers;
using System.IO.Pipelines;
using Granary.Api.Grpc;

namespace Granary.Api.Tests.Grpc;

/// <summary>The bytes of a message as they came; they belong to the transport until the call ends.</summary>
internal readonly record struct RawMessage(ReadOnlySequence<byte> Bytes);

/// <summary>Reads and writes without a copy of its own.</summary>
internal sealed class RawCodec : GrpcCodec<RawMessage>
{
    private int _unreleased;

    public int Unreleased => Volatile.Read(ref _unreleased);

    public override RawMessage Read(in ReadOnlySequence<byte> bytes)
    {
        Interlocked.Increment(ref _unreleased);
        // One more for the answer, which the handler makes of it.
        Interlocked.Increment(ref _unreleased);
        return new RawMessage(bytes);
    }

    public override long SizeOf(RawMessage message) => message.Bytes.Length;

    public override void Write(RawMessage message, IBufferWriter<byte> output)
    {
        foreach (var piece in message.Bytes)
            output.Write(piece.Span);
    }

    public override async ValueTask WriteAsync(RawMessage message, PipeWriter output, CancellationToken cancellation)
    {
        foreach (var piece in message.Bytes)
            await GrpcOutput.WriteAsync(output, piece, cancellation);
    }

    public override void Release(RawMessage message) => Interlocked.Decrement(ref _unreleased);
}
