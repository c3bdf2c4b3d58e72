namespace Granary.Torch;

/// <summary>
/// Reads PNG, JPEG and WebP files through libpng, libjpeg and libwebp as Pillow's <c>Image.open(…).convert("RGB")</c> does:
/// transparency is dropped, palettes and grey are spread, CMYK is taken as Adobe writes it, grey of 16 bits is cut at 255, and neither
/// colour profiles nor EXIF orientation are looked at. Thread-safe.
/// </summary>
public static unsafe class ImageFile
{
    /// <summary>Reads the header only; costs microseconds, however large the image says that it is.</summary>
    /// <exception cref="ImageException">Not an image that can be read, or no library.</exception>
    public static ImageHeader ReadHeader(ReadOnlySpan<byte> file)
    {
        ImageRuntime.Initialize();
        fixed (byte* data = file)
        {
            NativeImage.ThrowIfAny(NativeImage.Describe(data, file.Length, out var format, out var width, out var height));
            return new ImageHeader((ImageFormat)format, width, height);
        }
    }

    /// <summary>Reads the pixels.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="header">What <see cref="ReadHeader"/> said of the same bytes; check its size first.</param>
    /// <param name="grey">One channel, as Pillow's <c>convert("L")</c> of the RGB image, instead of three.</param>
    /// <exception cref="ImageException">The file is damaged.</exception>
    /// <exception cref="OverflowException">More than 2 GiB of pixels.</exception>
    public static ImagePixels Decode(ReadOnlySpan<byte> file, ImageHeader header, bool grey = false)
    {
        // One byte more: the resampler reads four bytes for the last pixel of three.
        var buffer = PinnedBuffer.Rent(checked((int)(header.Pixels * 3) + 1));
        try
        {
            fixed (byte* data = file)
                NativeImage.ThrowIfAny(NativeImage.Decode(data, file.Length, (int)header.Format, header.Width, header.Height, buffer.Pointer));
            if (grey)
                NativeImage.ToGrey(buffer.Pointer, header.Pixels);
            return new ImagePixels(buffer, header.Width, header.Height, grey ? 1 : 3);
        }
        catch
        {
            ((IDisposable)buffer).Dispose();
            throw;
        }
    }
}
