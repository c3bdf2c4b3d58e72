using System.Buffers;

namespace Granary.Api.Grpc;

/// <summary>Pooled memory of one large or compressed message.</summary>
internal sealed class GrpcBlock
{
    // What a caller merely announces must not cost memory: the block is at most this, or eight times what has come.
    private const int FirstBytes = 4 << 20;
    private const int Growth = 8;

    private byte[]? _gathered;
    private byte[]? _decompressed;

    /// <summary>Bytes gathered so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was gathered.</summary>
    public ReadOnlySequence<byte> Sequence => new(_gathered!, 0, Length);

    /// <summary>Appends a piece of a message that will have <paramref name="whole"/> bytes.</summary>
    public void Append(in ReadOnlySequence<byte> piece, int whole)
    {
        var needed = Length + (int)piece.Length;
        if (_gathered is null || _gathered.Length < needed)
            Grow((int)Math.Min(whole, Math.Max(FirstBytes, (long)Growth * needed)));
        piece.CopyTo(_gathered.AsSpan(Length));
        Length = needed;
    }

    /// <summary>Unpacks a message, and gives back what was gathered.</summary>
    /// <exception cref="GrpcException">It is no such compressed data, or too large.</exception>
    public ReadOnlySequence<byte> Decompress(in ReadOnlySequence<byte> packed, GrpcEncoding encoding, int limitBytes)
    {
        _decompressed = GrpcCompression.Decompress(packed, encoding, limitBytes, out var length);
        Return(ref _gathered);
        return new ReadOnlySequence<byte>(_decompressed, 0, length);
    }

    /// <summary>Gives everything back.</summary>
    public void Release()
    {
        Length = 0;
        Return(ref _gathered);
        Return(ref _decompressed);
    }

    private void Grow(int bytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent(bytes);
        _gathered.AsSpan(0, Length).CopyTo(larger);
        Return(ref _gathered);
        _gathered = larger;
    }

    private static void Return(ref byte[]? array)
    {
        if (array is null)
            return;
        ArrayPool<byte>.Shared.Return(array);
        array = null;
    }
}
