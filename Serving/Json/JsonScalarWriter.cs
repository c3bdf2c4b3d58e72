using System.Buffers;
using System.Text;

namespace Granary.Serving.Json;

/// <summary>Writes single JSON values.</summary>
public static class JsonScalarWriter
{
    private const int ChunkChars = 1024;
    private static readonly SearchValues<char> Special = SearchValues.Create(CreateSpecial());

    /// <summary>
    /// Writes a quoted string. Quotes, backslashes and control characters are escaped, all else is UTF-8; a lone surrogate
    /// becomes U+FFFD.
    /// </summary>
    public static void WriteString(PooledBufferWriter writer, ReadOnlySpan<char> text)
    {
        writer.WriteByte((byte)'"');
        while (true)
        {
            var run = text.IndexOfAny(Special);
            WritePlain(writer, run < 0 ? text : text[..run]);
            if (run < 0)
                break;
            WriteEscape(writer, text[run]);
            text = text[(run + 1)..];
        }

        writer.WriteByte((byte)'"');
    }

    /// <summary>Writes a whole number.</summary>
    public static void WriteInt64(PooledBufferWriter writer, long value) =>
        writer.Advance(WholeText<long>.Write(value, writer.GetSpan(IElementText<long>.MaxBytes)));

    /// <summary>Writes a number as Python's json does: <c>1.0</c>, <c>1e-07</c>, <c>NaN</c>, <c>Infinity</c>.</summary>
    public static void WriteDouble(PooledBufferWriter writer, double value) =>
        writer.Advance(FloatText.Write(value, writer.GetSpan(IElementText<double>.MaxBytes)));

    /// <summary>Writes a number as nlohmann's json does: <c>1.0</c>, <c>1e-07</c>, null for NaN and infinities.</summary>
    public static void WriteDoubleAsNlohmann(PooledBufferWriter writer, double value) =>
        writer.Advance(NlohmannFloatText.Write(value, writer.GetSpan(IElementText<double>.MaxBytes)));

    /// <summary>Writes true or false.</summary>
    public static void WriteBoolean(PooledBufferWriter writer, bool value) => writer.Write(value ? "true"u8 : "false"u8);

    private static void WritePlain(PooledBufferWriter writer, ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var length = Math.Min(text.Length, ChunkChars);
            // Do not part a surrogate pair.
            if (length < text.Length && char.IsHighSurrogate(text[length - 1]))
                length--;
            writer.Advance(Encoding.UTF8.GetBytes(text[..length], writer.GetSpan(length * 3)));
            text = text[length..];
        }
    }

    private static void WriteEscape(PooledBufferWriter writer, char character)
    {
        var letter = character switch
        {
            '"' => (byte)'"',
            '\\' => (byte)'\\',
            '\b' => (byte)'b',
            '\f' => (byte)'f',
            '\n' => (byte)'n',
            '\r' => (byte)'r',
            '\t' => (byte)'t',
            _ => (byte)0,
        };
        if (letter != 0)
        {
            writer.Write([(byte)'\\', letter]);
            return;
        }

        writer.Write("\\u00"u8);
        writer.WriteByte((byte)('0' + (character >> 4)));
        writer.WriteByte((byte)"0123456789abcdef"[character & 15]);
    }

    private static string CreateSpecial()
    {
        var special = new StringBuilder("\"\\");
        for (var i = 0; i < 32; i++)
            special.Append((char)i);
        return special.ToString();
    }
}
