using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.TorchServe.Inference;

/// <summary>
/// The envelopes <c>json</c> and <c>kserve</c>: <c>{"instances": […]}</c> in, <c>{"predictions": […]}</c> out. An instance that is an
/// object with nothing but <c>b64</c> stands for the bytes. Source: pytorch/serve, <c>ts/torch_handler/request_envelope/json.py</c>.
/// </summary>
internal static class Envelope
{
    /// <summary>The instances as parts of requests of their own, each called <c>body</c>.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: it is no such object.</exception>
    public static List<RequestPart> Open(ReadOnlySpan<byte> json)
    {
        var cursor = new JsonCursor(json);
        List<RequestPart>? instances = null;
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (name.Is("instances"u8))
                instances = ReadInstances(ref cursor);
            else
                cursor.SkipValue();
        }

        cursor.End();
        return instances ?? throw new ServingException(ServingError.InvalidArgument, "the request has no \"instances\"; expected {\"instances\": […]} (service_envelope)");
    }

    private static List<RequestPart> ReadInstances(ref JsonCursor cursor)
    {
        var instances = new List<RequestPart>();
        cursor.BeginArray();
        while (cursor.NextItem())
            instances.Add(ReadInstance(ref cursor));
        return instances;
    }

    private static RequestPart ReadInstance(ref JsonCursor cursor)
    {
        var raw = cursor.ReadRaw();
        return TryReadBytes(raw) is { } bytes ? new RequestPart("body", bytes, null) : new RequestPart("body", raw.ToArray(), "application/json");
    }

    private static byte[]? TryReadBytes(ReadOnlySpan<byte> raw)
    {
        var cursor = new JsonCursor(raw);
        if (cursor.PeekKind() != JsonKind.Object)
            return null;
        cursor.BeginObject();
        if (!cursor.NextProperty(out var name) || !name.Is("b64"u8) || cursor.PeekKind() != JsonKind.String)
            return null;
        var text = cursor.ReadString();
        if (cursor.NextProperty(out _))
            return null;
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException exception)
        {
            throw new ServingException(ServingError.InvalidArgument, "the text of \"b64\" is not base64", exception);
        }
    }
}
