using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Handlers.Images;

/// <summary>Encoded images to tensors for protocols that carry images in their requests.</summary>
public static class ImageTensor
{
    private const string HandlerName = "image";

    /// <summary>Reads one image.</summary>
    /// <param name="base64">PNG, JPEG or WebP as base64, with or without a <c>data:</c> prefix.</param>
    /// <param name="parameters">Those of the handler <c>image</c> (docs/handlers.md); without <c>mean</c> and <c>std</c> values are 0 to 1.</param>
    /// <returns>float32 <c>[1, channels, height, width]</c>, which the caller disposes.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: no image, too large, or wrong parameters.</exception>
    public static Tensor Read(string base64, IReadOnlyDictionary<string, string> parameters)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal) { ["mean"] = "0", ["std"] = "1" };
        foreach (var (name, value) in parameters)
            all[name] = value;
        var faults = new List<string>();
        var reader = new HandlerParameters(new HandlerSpec(HandlerName, all), faults);
        var options = ImageOptions.Read(reader);
        reader.RefuseUnknown();
        if (faults.Count > 0)
            throw new ServingException(ServingError.InvalidArgument, string.Join("; ", faults));
        return (Tensor)new ImageHandler(options).Preprocess([new Argument(null, new StringValue(base64))])[0].Value;
    }
}
