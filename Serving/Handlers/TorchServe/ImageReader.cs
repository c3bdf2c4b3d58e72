using Granary.Serving.Handlers.Images;
using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>
/// What TorchServe's vision handlers do before the model: <c>data</c>, else <c>body</c>, is an encoded image (bytes or base64 text) or
/// nested lists of numbers, and becomes one float32 row. Pictures that are not RGB become so, where TorchServe fails.
/// </summary>
internal sealed class ImageReader(ImageOptions options)
{
    /// <summary>Preparation of ImageNet's classifiers: shorter side 256, the middle 224 × 224, ImageNet's mean and deviation.</summary>
    private static readonly ImageOptions ImageNet = new([256], [224], false, [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f], ImageOptions.DefaultMaxPixels);

    /// <summary>As it is: bytes over 255.</summary>
    private static readonly ImageOptions Plain = new([], [], false, [0f, 0f, 0f], [1f, 1f, 1f], ImageOptions.DefaultMaxPixels);

    private const int MostPixels = 500_000_000;
    private readonly ImageTransform _transform = new(options);

    /// <summary>The reader of classifiers and segmenters.</summary>
    public static ImageReader OfImageNet(HandlerParameters parameters) => new(ImageNet with { MaxPixels = MaxPixels(parameters) });

    /// <summary>The reader of detectors.</summary>
    public static ImageReader OfPlain(HandlerParameters parameters) => new(Plain with { MaxPixels = MaxPixels(parameters) });

    /// <summary>The picture of a request as <c>[1, 3, height, width]</c>, or without the 1.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: it holds none, or one that cannot be read.</exception>
    public Tensor Read(DictValue body, bool asRow)
    {
        var value = RequestBody.Data(body);
        return value is Tensor tensor && !EncodedImage.IsFile(tensor) ? OfNumbers(tensor, asRow) : OfFile(value, asRow);
    }

    private static int MaxPixels(HandlerParameters parameters) => parameters.Integer("max-pixels", ImageOptions.DefaultMaxPixels, 1, MostPixels);

    private static Tensor OfNumbers(Tensor numbers, bool asRow) => numbers.Shape.Length == 3
        ? Numbers.Convert(numbers, DType.Float32, asRow ? [1, .. numbers.Shape] : numbers.Shape)
        : throw new ServingException(ServingError.InvalidArgument,
            $"an image as numbers has 3 dimensions [channels, height, width]; this one has {numbers.Shape.Length}");

    private Tensor OfFile(Value value, bool asRow)
    {
        Tensor? tensor = null;
        try
        {
            using var image = EncodedImage.Of(value);
            var (header, geometry) = _transform.Measure(image.Bytes);
            long[] shape = [_transform.Channels, geometry.Vertical.Size, geometry.Horizontal.Size];
            tensor = Tensor.Rent(DType.Float32, asRow ? [1, .. shape] : shape);
            _transform.Write(image.Bytes, header, geometry, tensor.As<float>());
            return tensor;
        }
        catch (Exception exception)
        {
            tensor?.Dispose();
            throw ImageHandler.Describe(exception, "");
        }
    }
}
