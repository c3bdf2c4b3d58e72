using System.Buffers.Binary;
using System.Text;
using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference;

/// <summary>
/// BYTES elements: each four bytes of length, little-endian, then the content.
/// Source: Triton, <c>docs/protocol/extension_binary_data.md</c>.
/// </summary>
internal static class BytesElements
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads as many elements as the bytes hold.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: cut off, more or fewer than expected.</exception>
    public static ListValue Read(ReadOnlySpan<byte> bytes, long expected, string input)
    {
        // An element takes at least its length, so a lie about the shape cannot make this list large.
        var items = new List<Value>((int)Math.Min(expected, bytes.Length / sizeof(uint)));
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < sizeof(uint))
                throw Invalid($"unexpected end of BYTES data for input '{input}': {bytes.Length} bytes are left where the length of an element belongs");
            var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            bytes = bytes[sizeof(uint)..];
            if (length > (uint)bytes.Length)
                throw Invalid($"element {items.Count} of input '{input}' says that it has {length} bytes; {bytes.Length} are left");
            items.Add(Element(bytes[..(int)length]));
            bytes = bytes[(int)length..];
        }

        return items.Count == expected
            ? new ListValue(items)
            : throw Invalid($"expected {expected} string elements for input '{input}', got {items.Count}");
    }

    /// <summary>One element: text where it is UTF-8, else its bytes (uint8), which handlers may take but TorchScript does not.</summary>
    public static Value Element(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new StringValue(Strict.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return Tensor.From(DType.UInt8, [bytes.Length], bytes);
        }
    }

    /// <summary>Length of the elements in binary form, in bytes.</summary>
    public static long LengthOf(IReadOnlyList<string> texts)
    {
        long length = 0;
        for (var i = 0; i < texts.Count; i++)
            length += sizeof(uint) + Encoding.UTF8.GetByteCount(texts[i]);
        return length;
    }

    /// <summary>Writes the elements in binary form.</summary>
    public static void Write(PooledBufferWriter writer, IReadOnlyList<string> texts)
    {
        for (var i = 0; i < texts.Count; i++)
        {
            var length = Encoding.UTF8.GetByteCount(texts[i]);
            BinaryPrimitives.WriteUInt32LittleEndian(writer.GetSpan(sizeof(uint)), (uint)length);
            writer.Advance(sizeof(uint));
            writer.Advance(Encoding.UTF8.GetBytes(texts[i], writer.GetSpan(Math.Max(length, 1))));
        }
    }

    private static ServingException Invalid(string message) => new(ServingError.InvalidArgument, message);
}
