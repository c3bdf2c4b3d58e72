namespace Granary.Torch;

/// <summary>Pixels of interleaved bytes, rows from the top, in pooled memory. Dispose once; not thread-safe.</summary>
public sealed unsafe class ImagePixels : IDisposable
{
    private readonly PinnedBuffer _buffer;
    private bool _disposed;

    internal ImagePixels(PinnedBuffer buffer, int width, int height, int channels)
    {
        _buffer = buffer;
        Width = width;
        Height = height;
        Channels = channels;
    }

    /// <summary>In pixels.</summary>
    public int Width { get; }

    /// <summary>In pixels.</summary>
    public int Height { get; }

    /// <summary>3 for RGB, 1 for grey.</summary>
    public int Channels { get; }

    /// <summary>Height × width × channels bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer.GetSpan()[..(Width * Height * Channels)];

    /// <summary>
    /// A part of the image scaled to another size: bilinear with antialiasing, the bytes of Pillow's <c>Image.resize</c>, which is what
    /// torchvision's <c>Resize</c> of a Pillow image calls. Only the part is computed.
    /// </summary>
    /// <param name="width">Of the whole scaled image.</param>
    /// <param name="height">Of the whole scaled image.</param>
    /// <param name="left">Where the part begins, in pixels of the scaled image.</param>
    /// <param name="top">The same from above.</param>
    /// <param name="partWidth">Width of the part; with <paramref name="left"/> not beyond the scaled image.</param>
    /// <param name="partHeight">Height of the part.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is empty or does not lie inside.</exception>
    /// <exception cref="OverflowException">More than 2 GiB of pixels.</exception>
    public ImagePixels Resize(int width, int height, int left, int top, int partWidth, int partHeight)
    {
        CheckPart(width, height, left, top, partWidth, partHeight);
        var result = PinnedBuffer.Rent(checked((int)((long)partWidth * partHeight * Channels) + 1));
        try
        {
            NativeImage.ThrowIfAny(NativeImage.Resample(
                _buffer.Pointer, Width, Height, Channels, width, height, left, top, partWidth, partHeight, result.Pointer));
            return new ImagePixels(result, partWidth, partHeight, Channels);
        }
        catch
        {
            ((IDisposable)result).Dispose();
            throw;
        }
    }

    /// <summary>Writes a part of the image as planes of floats: <c>[channels, height, width]</c>.</summary>
    /// <param name="left">Where the part begins, in pixels.</param>
    /// <param name="top">The same from above.</param>
    /// <param name="width">Of the part.</param>
    /// <param name="height">Of the part.</param>
    /// <param name="table">256 floats a channel: what each byte becomes.</param>
    /// <param name="target">Where the part goes in the first plane, and all that follows it.</param>
    /// <param name="plane">Distance of planes in the target, in floats.</param>
    /// <param name="row">Distance of rows in the target, in floats.</param>
    /// <exception cref="ArgumentOutOfRangeException">Something does not lie inside.</exception>
    public void WritePlanes(int left, int top, int width, int height, ReadOnlySpan<float> table, Span<float> target, long plane, long row)
    {
        CheckPart(Width, Height, left, top, width, height);
        ArgumentOutOfRangeException.ThrowIfLessThan(table.Length, 256 * Channels);
        ArgumentOutOfRangeException.ThrowIfLessThan(row, width);
        ArgumentOutOfRangeException.ThrowIfNegative(plane);
        ArgumentOutOfRangeException.ThrowIfLessThan(target.Length, (plane * (Channels - 1)) + (row * (height - 1)) + width);
        fixed (float* floats = table, to = target)
        {
            var first = _buffer.Pointer + ((((long)top * Width) + left) * Channels);
            NativeImage.ToPlanes(first, (long)Width * Channels, Channels, width, height, floats, to, plane, row);
        }
    }

    /// <summary>Gives the memory back. Safe to call twice.</summary>
    public void Dispose()
    {
        if (!_disposed)
            ((IDisposable)_buffer).Dispose();
        _disposed = true;
    }

    private static void CheckPart(int width, int height, int left, int top, int partWidth, int partHeight)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(partHeight, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(left);
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)left + partWidth, width);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)top + partHeight, height);
    }
}
