using System.Buffers;
using System.IO.Pipelines;
using Granary.Serving;
using Granary.Torch;

namespace Granary.Api.Http;

/// <summary>
/// A whole request body as one contiguous block: the server's own buffer when the body arrived in one piece, else a pooled
/// array. Dispose once, after the last use of <see cref="Span"/>; it is a struct so that a small request allocates nothing.
/// </summary>
internal readonly struct RequestBody : IDisposable
{
    private const int FirstChunk = 16 * 1024;
    private const int LargeBytes = 16 << 20;
    private readonly PipeReader? _reader;
    private readonly ReadOnlySequence<byte> _sequence;
    private readonly byte[]? _rented;
    private readonly PinnedBuffer? _large;
    private readonly int _length;

    private RequestBody(PipeReader reader, ReadOnlySequence<byte> sequence)
    {
        _reader = reader;
        _sequence = sequence;
        _length = (int)sequence.Length;
    }

    private RequestBody(byte[] rented, int length)
    {
        _rented = rented;
        _length = length;
    }

    private RequestBody(PinnedBuffer large, int length)
    {
        _large = large;
        _length = length;
    }

    /// <summary>The bytes; valid until disposed.</summary>
    public ReadOnlySpan<byte> Span => _rented is not null ? _rented.AsSpan(0, _length) : _large is not null ? _large.GetSpan()[.._length] : _sequence.FirstSpan;

    /// <summary>Length in bytes.</summary>
    public int Length => _length;

    /// <summary>Reads the body to its end; completes at once when it has arrived already.</summary>
    /// <param name="request">Its body must not have been read yet.</param>
    /// <param name="limitBytes">Longest body that is accepted.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="ServingException"><see cref="ServingError.TooLarge"/>.</exception>
    /// <exception cref="BadHttpRequestException">The client broke off or framed the body wrongly.</exception>
    public static ValueTask<RequestBody> ReadAsync(HttpRequest request, long limitBytes, CancellationToken cancellation)
    {
        var reader = request.BodyReader;
        var announced = request.ContentLength;
        if (announced > limitBytes)
            throw TooLarge(announced.Value, limitBytes);
        if (!reader.TryRead(out var result))
            return FillAsync(reader, announced, limitBytes, cancellation);
        if (IsWhole(result, announced) && result.Buffer.IsSingleSegment)
        {
            if (result.Buffer.Length <= limitBytes)
                return new ValueTask<RequestBody>(new RequestBody(reader, result.Buffer));
            reader.AdvanceTo(result.Buffer.End);
            throw TooLarge(result.Buffer.Length, limitBytes);
        }

        // Nothing is consumed, so the next read returns these bytes again.
        reader.AdvanceTo(result.Buffer.Start);
        return announced > LargeBytes ? FillLargeAsync(reader, (int)announced, cancellation) : FillAsync(reader, announced, limitBytes, cancellation);
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
        else if (_large is not null)
            ((IDisposable)_large).Dispose();
        else
            _reader?.AdvanceTo(_sequence.End);
    }

    private static bool IsWhole(in ReadResult result, long? announced) =>
        result.IsCompleted || result.Buffer.Length == announced;

    private static async ValueTask<RequestBody> FillAsync(PipeReader reader, long? announced, long limitBytes, CancellationToken cancellation)
    {
        var length = 0;
        var buffer = ArrayPool<byte>.Shared.Rent((int)(announced ?? Math.Min(FirstChunk, limitBytes)));
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(cancellation);
                var total = length + result.Buffer.Length;
                if (total > limitBytes)
                {
                    reader.AdvanceTo(result.Buffer.End);
                    throw TooLarge(total, limitBytes);
                }

                if (total > buffer.Length)
                    buffer = Grow(buffer, length, total, limitBytes);
                result.Buffer.CopyTo(buffer.AsSpan(length));
                length = (int)total;
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted || length == announced)
                    return new RequestBody(buffer, length);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    // Memory that goes back to the system afterwards; pages that never come are never touched.
    private static async ValueTask<RequestBody> FillLargeAsync(PipeReader reader, int announced, CancellationToken cancellation)
    {
        var length = 0;
        var buffer = PinnedBuffer.Rent(announced);
        try
        {
            while (length < announced)
            {
                var result = await reader.ReadAsync(cancellation);
                result.Buffer.CopyTo(buffer.GetSpan()[length..]);
                length += (int)result.Buffer.Length;
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    break;
            }

            return new RequestBody(buffer, length);
        }
        catch
        {
            ((IDisposable)buffer).Dispose();
            throw;
        }
    }

    private static byte[] Grow(byte[] buffer, int length, long needed, long limitBytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(needed, Math.Min(limitBytes, buffer.Length * 2L)));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static ServingException TooLarge(long bytes, long limitBytes) =>
        new(ServingError.TooLarge, $"The request body has at least {bytes} bytes; this server accepts {limitBytes} (option --max-body-bytes)");
}
