using System.Buffers;
using System.IO.Pipelines;
using Granary.Api.Grpc;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>Answers of <c>ModelInfer</c>; their memory goes back when they are written.</summary>
internal sealed class InferAnswerCodec : GrpcCodec<V2Answer>
{
    /// <summary>Messages up to this are written in one go.</summary>
    public const int SmallBytes = 64 * 1024;

    public override V2Answer Read(in ReadOnlySequence<byte> bytes) => throw new NotSupportedException("the server gets no answers");

    public override long SizeOf(V2Answer message) => InferAnswerWriter.SizeOf(message.Result, final: false);

    public override void Write(V2Answer message, IBufferWriter<byte> output) => InferAnswerWriter.Write(message.Result, final: false, output);

    public override ValueTask WriteAsync(V2Answer message, PipeWriter output, CancellationToken cancellation)
    {
        if (SizeOf(message) > SmallBytes)
            return InferAnswerWriter.WriteAsync(message.Result, final: false, output, cancellation);
        Write(message, output);
        return ValueTask.CompletedTask;
    }

    public override void Release(V2Answer message) => message.Dispose();
}
