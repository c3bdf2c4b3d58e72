using Granary.Torch;

namespace Granary.Serving.Handlers.Images;

/// <summary>
/// Encoded images to one float32 tensor <c>[images, channels, height, width]</c>. Tensors that are no encoded image pass as they are,
/// so callers who prepare their images themselves use the same model.
/// </summary>
internal sealed class ImageHandler(ImageOptions options) : IHandler
{
    private readonly ImageTransform _transform = new(options);

    /// <inheritdoc/>
    public IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs)
    {
        Argument[]? changed = null;
        try
        {
            for (var i = 0; i < inputs.Count; i++)
            {
                if (inputs[i].Value is Tensor tensor && !EncodedImage.IsFile(tensor))
                    continue;
                changed ??= [.. inputs];
                changed[i] = changed[i] with { Value = ToTensor(inputs[i].Value) };
            }
        }
        catch
        {
            for (var i = 0; i < inputs.Count; i++)
            {
                if (changed is not null && !ReferenceEquals(changed[i].Value, inputs[i].Value))
                    changed[i].Value.Dispose();
            }

            throw;
        }

        return changed ?? inputs;
    }

    private Tensor ToTensor(Value value)
    {
        var images = value is ListValue list ? list.Items : [value];
        if (images.Count == 0)
            throw new ServingException(ServingError.InvalidArgument, "the request holds no image");
        Tensor? tensor = null;
        for (var i = 0; i < images.Count; i++)
        {
            try
            {
                Write(images, i, ref tensor);
            }
            catch (Exception exception)
            {
                tensor?.Dispose();
                throw Describe(exception, images.Count == 1 ? "" : $"image {i + 1} of {images.Count}: ");
            }
        }

        return tensor!;
    }

    private void Write(IReadOnlyList<Value> images, int index, ref Tensor? tensor)
    {
        using var image = EncodedImage.Of(images[index]);
        var (header, geometry) = _transform.Measure(image.Bytes);
        long[] shape = [images.Count, _transform.Channels, geometry.Vertical.Size, geometry.Horizontal.Size];
        tensor ??= Tensor.Rent(DType.Float32, shape);
        if (!tensor.Shape.SequenceEqual(shape))
        {
            throw new ServingException(ServingError.InvalidArgument,
                $"it becomes {shape[3]} x {shape[2]} pixels but the first {tensor.Shape[3]} x {tensor.Shape[2]}; send images of one size, or give the handler 'crop' or 'resize=height,width'");
        }

        var length = (int)(tensor.ElementCount / images.Count);
        _transform.Write(image.Bytes, header, geometry, tensor.As<float>().Slice(index * length, length));
    }

    /// <summary>What went wrong with an image, for the caller.</summary>
    internal static ServingException Describe(Exception exception, string which) => exception switch
    {
        ServingException serving => new(serving.Error, which + serving.Message, serving),
        ImageException { Failure: ImageFailure.Damaged or ImageFailure.Unsupported } image => new(ServingError.InvalidArgument, which + image.Message, image),
        ImageException { Failure: ImageFailure.Library } image => new(ServingError.Unavailable, image.Message, image),
        OutOfMemoryException or ImageException { Failure: ImageFailure.OutOfMemory } =>
            new(ServingError.Overloaded, which + "there is no memory for it; send smaller or fewer images, or try again later", exception),
        OverflowException => new(ServingError.InvalidArgument, which + "the tensor of all images would have more than 2 GiB; send fewer or smaller images", exception),
        _ => new(ServingError.Internal, which + $"it cannot be read for an internal reason ({exception.GetType().Name})", exception),
    };
}
