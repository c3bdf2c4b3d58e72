namespace Granary.Api.Grpc;

/// <summary>Sends responses of a call that has several. One writer at a time.</summary>
internal sealed class GrpcResponseStream<TMessage>(GrpcCall call, GrpcCodec<TMessage> codec)
{
    /// <summary>Sends a message and waits while the caller is slow to take it; the message is released in any case.</summary>
    /// <exception cref="OperationCanceledException">The caller went away, or the deadline of the call has passed.</exception>
    public async ValueTask WriteAsync(TMessage message)
    {
        await call.Output.WriteAndReleaseAsync(codec, message, call.ReadCancellation);
        await call.Output.FlushAsync(call.ReadCancellation);
        // The pipe takes what is written after the caller went away without a word.
        call.Cancellation.ThrowIfCancellationRequested();
    }
}
