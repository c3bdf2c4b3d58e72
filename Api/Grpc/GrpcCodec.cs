using System.Buffers;
using System.IO.Pipelines;

namespace Granary.Api.Grpc;

/// <summary>
/// Turns the bytes of a message into <typeparamref name="TMessage"/> and back. <see cref="ProtobufCodec{TMessage}"/> does so for
/// generated messages; a codec of one's own can read and write large tensors without copying them.
/// </summary>
/// <typeparam name="TMessage">What the handler sees.</typeparam>
internal abstract class GrpcCodec<TMessage>
{
    /// <summary>
    /// Reads a message. Its bytes stay valid until the handler of a single request has ended, and on a stream of requests until
    /// the next one is asked for; up to then the result may refer to them. Messages of more than 128 KiB are one contiguous block.
    /// </summary>
    public abstract TMessage Read(in ReadOnlySequence<byte> bytes);

    /// <summary>The exact length in bytes of what the write methods write.</summary>
    public abstract long SizeOf(TMessage message);

    /// <summary>Writes a message.</summary>
    public abstract void Write(TMessage message, IBufferWriter<byte> output);

    /// <summary>
    /// Writes a message to the response. The default calls <see cref="Write"/>, which holds all of it in memory until it has
    /// left; a codec of large messages writes piece by piece with <see cref="GrpcOutput.WriteAsync"/> instead.
    /// </summary>
    public virtual ValueTask WriteAsync(TMessage message, PipeWriter output, CancellationToken cancellation)
    {
        Write(message, output);
        return ValueTask.CompletedTask;
    }

    /// <summary>Called once for every message that was read or handed over for writing, when nobody needs it any more.</summary>
    public virtual void Release(TMessage message)
    {
    }
}
