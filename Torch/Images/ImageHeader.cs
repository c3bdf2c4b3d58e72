namespace Granary.Torch;

/// <summary>File formats that can be read.</summary>
public enum ImageFormat
{
    /// <summary>PNG, ISO/IEC 15948.</summary>
    Png = 1,

    /// <summary>JPEG, ITU-T T.81.</summary>
    Jpeg = 2,

    /// <summary>WebP, RFC 9649; still images.</summary>
    WebP = 3,
}

/// <summary>What the header of an image file says.</summary>
/// <param name="Format">How it is written.</param>
/// <param name="Width">In pixels, at least 1.</param>
/// <param name="Height">In pixels, at least 1.</param>
public readonly record struct ImageHeader(ImageFormat Format, int Width, int Height)
{
    /// <summary>How many pixels there are.</summary>
    public long Pixels => (long)Width * Height;
}
