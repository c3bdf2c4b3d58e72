using Granary.Torch;

namespace Granary.Serving.Handlers.Images;

/// <summary>
/// <c>Compose([Resize, CenterCrop, ToTensor, Normalize])</c> of torchvision on a Pillow image: the same floats. Resizing is Pillow's
/// (bilinear, antialiased, rounded to bytes), which is what torchvision calls for Pillow images; on tensors it computes in floats and
/// differs by up to one part in 255.
/// </summary>
internal sealed class ImageTransform
{
    // A stretched strip would need gigabytes although both ends are small.
    private const long MaxScaledPixels = 1L << 29;

    private readonly ImageOptions _options;
    private readonly float[] _table;

    public ImageTransform(ImageOptions options)
    {
        _options = options;
        _table = new float[256 * options.Channels];
        for (var i = 0; i < _table.Length; i++)
            _table[i] = (((i & 255) / 255f) - options.Mean[i >> 8]) / options.Deviation[i >> 8];
    }

    public int Channels => _options.Channels;

    /// <summary>Size and geometry of an image, from its header.</summary>
    /// <exception cref="ImageException">It is none.</exception>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: too many pixels.</exception>
    public (ImageHeader Header, ImageGeometry Geometry) Measure(ReadOnlySpan<byte> file)
    {
        var header = ImageFile.ReadHeader(file);
        if (header.Pixels > _options.MaxPixels)
        {
            throw new ServingException(ServingError.InvalidArgument,
                $"the image has {header.Width} x {header.Height} = {header.Pixels} pixels; at most {_options.MaxPixels} are allowed (parameter max-pixels of the handler)");
        }

        var geometry = ImageGeometry.Of(_options, header.Width, header.Height);
        if ((long)geometry.Horizontal.Length * geometry.Vertical.Length > MaxScaledPixels || Math.Max(geometry.Horizontal.Size, geometry.Vertical.Size) > MaxSide)
        {
            throw new ServingException(ServingError.InvalidArgument,
                $"the image of {header.Width} x {header.Height} pixels would become one of {geometry.Horizontal.Size} x {geometry.Vertical.Size}; a side has at most {MaxSide}");
        }

        return (header, geometry);
    }

    /// <summary>Reads an image into a plane for each channel.</summary>
    /// <param name="file">The encoded image.</param>
    /// <param name="header">Of it.</param>
    /// <param name="geometry">Of it.</param>
    /// <param name="target">Channels × height × width floats.</param>
    /// <exception cref="ImageException">It is damaged.</exception>
    public void Write(ReadOnlySpan<byte> file, ImageHeader header, ImageGeometry geometry, Span<float> target)
    {
        var (columns, rows) = (geometry.Horizontal, geometry.Vertical);
        var plane = columns.Size * rows.Size;
        if (columns.Length < columns.Size || rows.Length < rows.Size)
        {
            for (var channel = 0; channel < Channels; channel++)
                target.Slice(channel * plane, plane).Fill(_table[channel * 256]);
        }

        using var pixels = ImageFile.Decode(file, header, _options.IsGrey);
        var part = target[((rows.At * columns.Size) + columns.At)..];
        if (columns.Scaled == pixels.Width && rows.Scaled == pixels.Height)
        {
            pixels.WritePlanes(columns.From, rows.From, columns.Length, rows.Length, _table, part, plane, columns.Size);
            return;
        }

        using var resized = pixels.Resize(columns.Scaled, rows.Scaled, columns.From, rows.From, columns.Length, rows.Length);
        resized.WritePlanes(0, 0, columns.Length, rows.Length, _table, part, plane, columns.Size);
    }

    // Without resize and crop the tensor is as large as the image may be.
    private int MaxSide => _options.Resize.Length + _options.Crop.Length == 0 ? _options.MaxPixels : ImageOptions.MaxSide * 4;
}
