using System.Buffers;
using System.Runtime.CompilerServices;

namespace Granary.Serving.Json;

/// <summary>
/// A growing byte buffer from the shared array pool. Reusable through <see cref="Clear"/>; dispose it to give the array back.
/// Not thread-safe.
/// </summary>
public sealed class PooledBufferWriter : IBufferWriter<byte>, IDisposable
{
    private const int DefaultBytes = 4096;
    private const int MaxPooledBytes = 16 << 20;
    private byte[] _buffer;
    private int _written;

    /// <summary>Rents the first array.</summary>
    /// <param name="initialBytes">Room to start with, in bytes.</param>
    public PooledBufferWriter(int initialBytes = DefaultBytes)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(initialBytes);
    }

    /// <summary>Bytes written so far.</summary>
    public int WrittenCount => _written;

    /// <summary>What was written; valid until the next write, <see cref="Clear"/> or <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _written);

    /// <summary>What was written; valid until the next write, <see cref="Clear"/> or <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> WrittenSpan => _buffer.AsSpan(0, _written);

    /// <summary>Forgets what was written and keeps the array.</summary>
    public void Clear() => _written = 0;

    /// <summary>Forgets everything after the first <paramref name="count"/> bytes.</summary>
    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)_written);
        _written = count;
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_buffer.Length - _written));
        _written += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsMemory(_written);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _buffer.AsSpan(_written);
    }

    /// <summary>Appends bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_written));
        _written += bytes.Length;
    }

    /// <summary>Appends one byte.</summary>
    public void WriteByte(byte value)
    {
        Reserve(1);
        _buffer[_written++] = value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        _written = 0;
        Return(buffer);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reserve(int bytes)
    {
        if (_buffer.Length - _written < Math.Max(bytes, 1))
            Grow(bytes);
    }

    private void Grow(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        var needed = Math.Max((long)_written + Math.Max(bytes, 1), DefaultBytes);
        if (needed > Array.MaxLength)
            throw new ServingException(ServingError.TooLarge, $"the answer is larger than {Array.MaxLength} bytes");
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max(needed, 2L * _buffer.Length), Array.MaxLength));
        WrittenSpan.CopyTo(larger);
        Return(_buffer);
        _buffer = larger;
    }

    // The shared pool keeps what it gets until a collection that may never come; rare large ones are better collected themselves.
    private static void Return(byte[] buffer)
    {
        if (buffer.Length is > 0 and <= MaxPooledBytes)
            ArrayPool<byte>.Shared.Return(buffer);
    }
}
