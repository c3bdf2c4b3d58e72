namespace Granary.Serving.Handlers.Images;

/// <summary>How images become tensors.</summary>
/// <param name="Resize">Nothing for as they are; one size for the shorter side; or height and width.</param>
/// <param name="Crop">Nothing for none; one size for a square; or height and width, cut out of the middle.</param>
/// <param name="IsGrey">One channel instead of three.</param>
/// <param name="Mean">Taken off each channel after the division by 255.</param>
/// <param name="Deviation">What each channel is divided by then.</param>
/// <param name="MaxPixels">Larger images are refused before they are read.</param>
internal sealed record ImageOptions(int[] Resize, int[] Crop, bool IsGrey, float[] Mean, float[] Deviation, int MaxPixels)
{
    /// <summary>Longest side of a tensor.</summary>
    public const int MaxSide = 16_384;

    /// <summary>Default of <see cref="MaxPixels"/>: 75 MB of RGB.</summary>
    public const int DefaultMaxPixels = 25_000_000;

    private const int MostPixels = 500_000_000;

    /// <summary>Three for RGB, one for grey.</summary>
    public int Channels => IsGrey ? 1 : 3;

    /// <summary>Reads the parameters of the handler <c>image</c>; the defaults are those of seed 002: ToTensor and Normalize(0.5, 0.5).</summary>
    public static ImageOptions Read(HandlerParameters parameters)
    {
        var isGrey = parameters.OneOf("color", "rgb", "grey") == "grey";
        var channels = isGrey ? 1 : 3;
        return new ImageOptions(
            parameters.Sizes("resize", MaxSide),
            parameters.Sizes("crop", MaxSide),
            isGrey,
            parameters.Channels("mean", 0.5f, channels, static _ => true, "numbers"),
            parameters.Channels("std", 0.5f, channels, static number => number > 0, "numbers above 0"),
            parameters.Integer("max-pixels", DefaultMaxPixels, 1, MostPixels));
    }
}
