using System.Text;
using Granary.Serving;
using Granary.Serving.Json;
using Granary.Serving.Values;
using Granary.Torch;

namespace Granary.Api.TorchServe.Inference;

/// <summary>
/// A request as handlers see it: one dictionary from the names of its parts to texts, parsed JSON, or bytes (a uint8 tensor of one
/// dimension). Source: pytorch/serve, <c>ts/protocol/otf_message_handler.py</c>.
/// </summary>
internal static class HandlerInput
{
    private static readonly Signature Anything = new(new MethodSchema("forward", [new ArgumentSchema("value", "Any", false, null)], "Any"));

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

    // As it looks: numbers and lists of them are tensors, objects dictionaries.
    private static Value ReadJson(ReadOnlySpan<byte> json)
    {
        var reader = new ValueReader(new JsonCursor(json), Anything);
        var value = reader.Read(null, null);
        try
        {
            reader.End();
            return value;
        }
        catch
        {
            value.Dispose();
            throw;
        }
    }
}
