namespace Granary.Serving.Handlers.Images;

/// <summary>One dimension of an image on its way into a tensor.</summary>
/// <param name="Scaled">Its size after scaling.</param>
/// <param name="From">Where the part that is kept begins in it.</param>
/// <param name="Length">Size of the part.</param>
/// <param name="At">Where the part goes in the tensor; what is before and after it is black.</param>
/// <param name="Size">Size of the tensor.</param>
internal readonly record struct ImageSpan(int Scaled, int From, int Length, int At, int Size)
{
    /// <summary>The middle of a dimension, as torchvision's <c>center_crop</c> finds it: rounding half to even, padding the smaller half first.</summary>
    public static ImageSpan Center(int scaled, int crop) => crop > scaled
        ? new ImageSpan(scaled, 0, scaled, (crop - scaled) / 2, crop)
        : new ImageSpan(scaled, (int)Math.Round((scaled - crop) / 2.0, MidpointRounding.ToEven), crop, 0, crop);
}

/// <summary>Which part of which scaled image becomes a tensor, and where in it.</summary>
/// <param name="Horizontal">Columns.</param>
/// <param name="Vertical">Rows.</param>
internal readonly record struct ImageGeometry(ImageSpan Horizontal, ImageSpan Vertical)
{
    /// <summary>What the options make of an image of a size.</summary>
    public static ImageGeometry Of(ImageOptions options, int width, int height)
    {
        var (scaledWidth, scaledHeight) = options.Resize switch
        {
            [var shorter] => Shorter(width, height, shorter),
            [var exactHeight, var exactWidth] => (exactWidth, exactHeight),
            _ => (width, height),
        };
        return options.Crop switch
        {
            [var square] => new(ImageSpan.Center(scaledWidth, square), ImageSpan.Center(scaledHeight, square)),
            [var cropHeight, var cropWidth] => new(ImageSpan.Center(scaledWidth, cropWidth), ImageSpan.Center(scaledHeight, cropHeight)),
            _ => new(new(scaledWidth, 0, scaledWidth, 0, scaledWidth), new(scaledHeight, 0, scaledHeight, 0, scaledHeight)),
        };
    }

    // torchvision's Resize(int): the longer side is cut off to a whole number.
    private static (int Width, int Height) Shorter(int width, int height, int size)
    {
        var longer = (long)((double)((long)size * Math.Max(width, height)) / Math.Min(width, height));
        var clamped = (int)Math.Min(longer, int.MaxValue);
        return width <= height ? (size, clamped) : (clamped, size);
    }
}
