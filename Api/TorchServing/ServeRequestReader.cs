using Granary.Serving;
using Granary.Serving.Json;
using Granary.Serving.Values;
using Granary.Torch;

namespace Granary.Api.TorchServing;

/// <summary>Reads the body of <c>POST /serve</c>.</summary>
internal static class ServeRequestReader
{
    /// <summary>Reads the arguments: values in torch-serving's form and plain ones, as each is.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="signature">Of the model's <c>forward</c>.</param>
    /// <param name="typed">torch-serving's form.</param>
    /// <returns>Arguments whose values the caller disposes.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: malformed, or not what the model takes.</exception>
    public static Argument[] Read(ReadOnlySpan<byte> body, Signature signature, IMarkedValues typed) =>
        ValueReader.ReadArguments(WithoutMark(body), signature, typed);

    /// <summary>Says why a body is no JSON; null when it is.</summary>
    public static string? FindMalformed(ReadOnlySpan<byte> body)
    {
        try
        {
            var cursor = new JsonCursor(WithoutMark(body));
            cursor.SkipValue();
            cursor.End();
            return null;
        }
        catch (ServingException exception)
        {
            return exception.Message;
        }
    }

    // Some editors put a byte order mark before UTF-8; nlohmann's json skips it.
    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> body) => body.StartsWith("\uFEFF"u8) ? body[3..] : body;
}
