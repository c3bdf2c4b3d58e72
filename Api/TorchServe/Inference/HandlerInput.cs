using System.Text;
using Granary.Api.Http;
using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.TorchServe.Inference;

/// <summary>
/// A request as handlers see it: one dictionary from the names of its parts to texts, parsed JSON, or bytes (a uint8 tensor of one
/// dimension). Source: pytorch/serve, <c>ts/protocol/otf_message_handler.py</c>.
/// </summary>
internal static class HandlerInput
{
    /// <summary>The dictionary.</summary>
    /// <param name="parts">Of which the last one of a name counts.</param>
    /// <param name="decode">Whether JSON and texts are decoded; else they are bytes too.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: a part is not what its content type says.</exception>
    public static DictValue Create(IReadOnlyList<RequestPart> parts, bool decode)
    {
        var entries = new List<KeyValuePair<Value, Value>>(parts.Count);
        try
        {
            foreach (var part in parts)
            {
                var value = Read(part.Content.Span, part.ContentType, decode);
                var known = entries.FindIndex(entry => ((StringValue)entry.Key).Text == part.Name);
                if (known < 0)
                {
                    entries.Add(new(new StringValue(part.Name), value));
                    continue;
                }

                entries[known].Value.Dispose();
                entries[known] = new(entries[known].Key, value);
            }
        }
        catch
        {
            entries.ForEach(static entry => entry.Value.Dispose());
            throw;
        }

        return new DictValue(entries);
    }

    /// <summary>A dictionary of one part.</summary>
    public static DictValue Create(string name, ReadOnlySpan<byte> content, string? contentType, bool decode) =>
        new([new(new StringValue(name), Read(content, contentType, decode))]);

    private static Value Read(ReadOnlySpan<byte> content, string? contentType, bool decode)
    {
        if (decode && contentType is not null)
        {
            if (contentType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
                return ReadJson(content);
            if (contentType.StartsWith("text", StringComparison.OrdinalIgnoreCase))
                return new StringValue(Encoding.UTF8.GetString(content));
        }

        return Tensor.From(DType.UInt8, [content.Length], content);
    }

    // Lists of numbers are tensors, as torch.as_tensor makes them in TorchServe.
    private static Value ReadJson(ReadOnlySpan<byte> json)
    {
        var cursor = new JsonCursor(json);
        var value = new JsonValues(null).Read(ref cursor);
        try
        {
            cursor.End();
            return value;
        }
        catch
        {
            value.Dispose();
            throw;
        }
    }
}
