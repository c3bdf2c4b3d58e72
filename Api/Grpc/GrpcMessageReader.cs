using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Granary.Api.Grpc;

/// <summary>
/// Cuts messages out of a request body. Each has a prefix of five bytes: whether it is compressed, and its length.
/// A message that fits into the flow-control window is read where the server put it; a larger one is gathered in one pooled block,
/// because the caller gets no credit to send the rest before what came is consumed.
/// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
/// </summary>
internal sealed class GrpcMessageReader(PipeReader input, int maxMessageBytes, GrpcEncoding encoding)
{
    /// <summary>Length of the prefix in bytes.</summary>
    public const int PrefixBytes = 5;

    /// <summary>Longest message that is left in the server's own buffers.</summary>
    internal const int InPlaceBytes = 128 * 1024;

    private readonly GrpcBlock _block = new();
    private ReadOnlySequence<byte> _held;
    private bool _holds;
    private bool _compressed;

    /// <summary>The latest message, decompressed; valid until <see cref="Release"/> or the next read.</summary>
    public ReadOnlySequence<byte> Message { get; private set; }

    /// <summary>Reads the message of a call that has one, and that the body ends with it.</summary>
    /// <exception cref="GrpcException">There is none, more than one, or it is framed wrongly or too large.</exception>
    public async ValueTask ReadOnlyAsync(CancellationToken cancellation)
    {
        if (!await ReadAsync(only: true, cancellation))
            throw new GrpcException(GrpcStatus.Unimplemented, "The call has no request message; this method takes exactly one");
    }

    /// <summary>Reads the next message; false when the body has ended.</summary>
    /// <exception cref="GrpcException">It is framed wrongly or too large, or the server shuts down.</exception>
    public ValueTask<bool> ReadNextAsync(CancellationToken cancellation) => ReadAsync(only: false, cancellation);

    /// <summary>Wakes a read that waits, because the server shuts down.</summary>
    public void Stop() => input.CancelPendingRead();

    /// <summary>Gives the latest message back.</summary>
    public void Release()
    {
        Message = default;
        _block.Release();
        if (!_holds)
            return;
        _holds = false;
        input.AdvanceTo(_held.End);
        _held = default;
    }

    private async ValueTask<bool> ReadAsync(bool only, CancellationToken cancellation)
    {
        Release();
        while (true)
        {
            var result = await FillAsync(cancellation);
            var buffer = result.Buffer;
            if (buffer.Length < PrefixBytes)
            {
                if (result.IsCompleted)
                    return buffer.IsEmpty ? false : throw Broken(buffer.Length, PrefixBytes);
                Wait();
                continue;
            }

            var length = ReadPrefix(buffer);
            var whole = PrefixBytes + (long)length;
            if (only && buffer.Length > whole)
                throw Several();
            if (length > InPlaceBytes)
                return await GatherAsync(length, only, cancellation);
            if (buffer.Length >= whole && (result.IsCompleted || !only))
            {
                Hold(buffer.Slice(0, whole));
                Take(buffer.Slice(PrefixBytes, length));
                return true;
            }

            if (buffer.Length < whole && result.IsCompleted)
                throw Broken(buffer.Length, whole);
            Wait();
        }
    }

    // Reads until the message is whole, handing every piece back at once so that the caller may send more.
    private async ValueTask<bool> GatherAsync(int length, bool only, CancellationToken cancellation)
    {
        Consume(_held.GetPosition(PrefixBytes));
        while (_block.Length < length)
        {
            var result = await FillAsync(cancellation);
            var piece = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, length - _block.Length));
            _block.Append(piece, length);
            if (_block.Length < length && result.IsCompleted)
                throw Broken(PrefixBytes + (long)_block.Length, PrefixBytes + (long)length);
            Consume(piece.End);
        }

        if (only)
            await EndAsync(cancellation);
        Take(_block.Sequence);
        return true;
    }

    private async ValueTask EndAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var result = await FillAsync(cancellation);
            if (!result.Buffer.IsEmpty)
                throw Several();
            if (result.IsCompleted)
                return;
            Wait();
        }
    }

    private async ValueTask<ReadResult> FillAsync(CancellationToken cancellation)
    {
        ReadResult result;
        try
        {
            result = await input.ReadAsync(cancellation);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException)
        {
            // The server learns of a reset here before it signals that the request is aborted.
            throw new OperationCanceledException("The caller went away while it sent its request", exception);
        }

        Hold(result.Buffer);
        return result.IsCanceled ? throw new GrpcException(GrpcStatus.Unavailable, "The server is shutting down") : result;
    }

    private int ReadPrefix(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        buffer.Slice(0, PrefixBytes).CopyTo(prefix);
        if (prefix[0] > 1)
            throw new GrpcException(GrpcStatus.Internal, $"The first byte of a message is {prefix[0]}; expected 0, or 1 for a compressed message");
        _compressed = prefix[0] == 1;
        if (_compressed && encoding == GrpcEncoding.Identity)
            throw new GrpcException(GrpcStatus.Internal, $"A message is marked as compressed, but the header {GrpcHeaders.Encoding} names no compression");
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        return length <= maxMessageBytes ? (int)length : throw TooLarge(length, maxMessageBytes);
    }

    private void Take(in ReadOnlySequence<byte> bytes) =>
        Message = _compressed ? _block.Decompress(bytes, encoding, maxMessageBytes) : bytes;

    private void Hold(in ReadOnlySequence<byte> buffer)
    {
        _held = buffer;
        _holds = true;
    }

    // Nothing is consumed, so the next read returns these bytes again, with more behind them.
    private void Wait()
    {
        _holds = false;
        input.AdvanceTo(_held.Start, _held.End);
    }

    private void Consume(SequencePosition end)
    {
        _holds = false;
        input.AdvanceTo(end);
    }

    internal static GrpcException TooLarge(long bytes, int limitBytes) =>
        new(GrpcStatus.ResourceExhausted, $"A message has {bytes} bytes; this server accepts {limitBytes} (option {GrpcOptions.SectionName}:{nameof(GrpcOptions.MaxMessageBytes)})");

    private static GrpcException Broken(long got, long whole) =>
        new(GrpcStatus.Internal, $"The request ends after {got} bytes of a message that has {whole} with its prefix");

    private static GrpcException Several() =>
        new(GrpcStatus.Unimplemented, "The call has more after its first request message; this method takes exactly one");
}
