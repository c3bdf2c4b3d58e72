using System.Text;
using Granary.Serving.Handlers.Images;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.TorchServing;

/// <summary>
/// <c>{"type": "image", "value": "&lt;base64&gt;", "resize": 256, "crop": 224, "mean": […], "std": […], "color": "rgb"}</c>: a float32
/// tensor <c>[1, channels, height, width]</c>. The parameters are those of the handler <c>image</c>.
/// </summary>
internal static class TypedImages
{
    private static readonly string[] Parameters = ["resize", "crop", "color", "mean", "std", "max-pixels"];

    /// <summary>Reads the object at the cursor; the caller disposes the tensor.</summary>
    public static Tensor Read(JsonCursor cursor)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        string? image = null;
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            var text = name.ToString();
            if (text == "value" && cursor.PeekKind() == JsonKind.String)
                image = cursor.ReadString();
            else if (Parameters.Contains(text))
                parameters[text] = ReadParameter(ref cursor);
            else
                cursor.SkipValue();
        }

        return image is null ? throw TypedFault.Form("Type image must specify a string of base64 as its value") : ImageTensor.Read(image, parameters);
    }

    // A text, a number, or a list of numbers, which the handler writes with commas.
    private static string ReadParameter(ref JsonCursor cursor)
    {
        if (cursor.PeekKind() == JsonKind.String)
            return cursor.ReadString();
        return Encoding.UTF8.GetString(cursor.ReadRaw()).Trim('[', ']');
    }
}
