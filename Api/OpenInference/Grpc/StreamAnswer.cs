using System.Buffers;
using System.IO.Pipelines;
using Granary.Api.Grpc;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>One answer of <c>ModelStreamInfer</c>: an answer or why there is none.</summary>
/// <param name="Answer">The answer; null for a failure.</param>
/// <param name="Error">Why there is none; null for an answer.</param>
/// <param name="Model">The model that was asked.</param>
/// <param name="Version">Its version as asked.</param>
/// <param name="Id">The caller's name for the request, by which it knows which one failed.</param>
internal sealed record StreamAnswer(V2Answer? Answer, string? Error, string Model, string Version, string Id);

/// <summary>
/// Answers of a stream, <c>inference.ModelStreamInferResponse</c>. Each says that it is the last of its request, as Triton's do.
/// </summary>
internal sealed class StreamAnswerCodec : GrpcCodec<StreamAnswer>
{
    private const int PrefixBytes = 12;

    public override StreamAnswer Read(in ReadOnlySequence<byte> bytes) => throw new NotSupportedException("the server gets no answers");

    public override long SizeOf(StreamAnswer message)
    {
        var response = ProtoWriter.SizeOfBlock(SizeOfResponse(message));
        return message.Error is null ? response : ProtoWriter.SizeOfText(message.Error) + response;
    }

    public override void Write(StreamAnswer message, IBufferWriter<byte> output)
    {
        if (message.Answer is not { } answer)
        {
            WriteError(message, output);
            return;
        }

        Begin(message, output);
        InferAnswerWriter.Write(answer.Result, final: true, output);
    }

    public override ValueTask WriteAsync(StreamAnswer message, PipeWriter output, CancellationToken cancellation)
    {
        if (message.Answer is { } answer && SizeOf(message) > InferAnswerCodec.SmallBytes)
        {
            Begin(message, output);
            return InferAnswerWriter.WriteAsync(answer.Result, final: true, output, cancellation);
        }

        Write(message, output);
        return ValueTask.CompletedTask;
    }

    public override void Release(StreamAnswer message) => message.Answer?.Dispose();

    private static void Begin(StreamAnswer message, IBufferWriter<byte> output)
    {
        var writer = new ProtoWriter(output.GetSpan(PrefixBytes));
        writer.BeginBlock(2, SizeOfResponse(message));
        output.Advance(writer.Written);
    }

    private static void WriteError(StreamAnswer message, IBufferWriter<byte> output)
    {
        var names = SizeOfResponse(message);
        var writer = new ProtoWriter(output.GetSpan((int)(ProtoWriter.SizeOfText(message.Error!) + names) + PrefixBytes));
        writer.WriteText(1, message.Error!);
        writer.BeginBlock(2, names);
        InferAnswerWriter.WriteNames(ref writer, message.Model, message.Version, message.Id);
        output.Advance(writer.Written);
    }

    private static long SizeOfResponse(StreamAnswer message) => message.Answer is { } answer
        ? InferAnswerWriter.SizeOf(answer.Result, final: true)
        : InferAnswerWriter.SizeOfNames(message.Model, message.Version, message.Id);
}
