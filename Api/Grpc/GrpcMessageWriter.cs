using System.Buffers.Binary;
using System.IO.Pipelines;
using Granary.Serving.Json;

namespace Granary.Api.Grpc;

/// <summary>Frames messages into a response body.</summary>
internal sealed class GrpcMessageWriter(PipeWriter output, int maxMessageBytes, GrpcEncoding encoding)
{
    // Compressing less than this costs more than it saves.
    private const int CompressFromBytes = 1024;

    /// <summary>Whether anything was written.</summary>
    public bool HasWritten { get; private set; }

    /// <summary>Whether a message was begun whose end is missing; the call can then only be broken off.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Writes one message without flushing it, and releases it in any case.</summary>
    public async ValueTask WriteAndReleaseAsync<TMessage>(GrpcCodec<TMessage> codec, TMessage message, CancellationToken cancellation)
    {
        try
        {
            // A message that is begun must be ended, so this is the last moment for a good status.
            cancellation.ThrowIfCancellationRequested();
            var size = codec.SizeOf(message);
            if (size > maxMessageBytes)
                throw new GrpcException(GrpcStatus.ResourceExhausted, $"The response has {size} bytes; this server sends {maxMessageBytes} (option {GrpcOptions.SectionName}:{nameof(GrpcOptions.MaxMessageBytes)})");
            if (encoding != GrpcEncoding.Identity && size >= CompressFromBytes)
            {
                await WriteCompressedAsync(codec, message, (int)size, cancellation);
                return;
            }

            Begin(compressed: false, (int)size);
            await codec.WriteAsync(message, output, cancellation);
            IsBroken = false;
        }
        finally
        {
            codec.Release(message);
        }
    }

    /// <summary>Sends what was written.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellation) => await output.FlushAsync(cancellation);

    private async ValueTask WriteCompressedAsync<TMessage>(GrpcCodec<TMessage> codec, TMessage message, int size, CancellationToken cancellation)
    {
        using var packed = new PooledBufferWriter(size / 2);
        using (var plain = new PooledBufferWriter(size))
        {
            codec.Write(message, plain);
            GrpcCompression.Compress(plain.WrittenSpan, encoding, packed);
        }

        Begin(compressed: true, packed.WrittenCount);
        await GrpcOutput.WriteAsync(output, packed.WrittenMemory, cancellation);
        IsBroken = false;
    }

    private void Begin(bool compressed, int length)
    {
        var prefix = output.GetSpan(GrpcMessageReader.PrefixBytes);
        prefix[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], length);
        output.Advance(GrpcMessageReader.PrefixBytes);
        HasWritten = true;
        IsBroken = true;
    }
}
