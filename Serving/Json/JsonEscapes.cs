using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace Granary.Serving.Json;

/// <summary>Scanning and unescaping of JSON strings (RFC 8259 section 7).</summary>
internal static class JsonEscapes
{
    // Everything that ends a run of plain characters: the quote, the backslash and the control characters.
    private static readonly SearchValues<byte> Special = SearchValues.Create(CreateSpecial());

    /// <summary>
    /// Checks the string whose first character after the quote stands at <paramref name="start"/>: terminated, no raw
    /// control characters, well-formed escapes, paired surrogates, valid UTF-8.
    /// </summary>
    /// <param name="json">The whole text.</param>
    /// <param name="start">The byte after the opening quote.</param>
    /// <param name="escaped">Whether there is any escape.</param>
    /// <returns>The position of the closing quote.</returns>
    /// <exception cref="ServingException">InvalidArgument: malformed.</exception>
    public static int FindEnd(ReadOnlySpan<byte> json, int start, out bool escaped)
    {
        escaped = false;
        if (FindEndOfShort(json, start) is var end and >= 0)
            return end;
        var position = start;
        while (true)
        {
            var run = json[position..].IndexOfAny(Special);
            if (run < 0)
                JsonErrors.ThrowMalformed(start - 1, "this string does not end");
            position += run;
            if (json[position] == (byte)'"')
                break;
            if (json[position] != (byte)'\\')
                JsonErrors.ThrowMalformed(position, $"control character 0x{json[position]:X2} in a string; write it as an escape");
            escaped = true;
            position = CheckEscape(json, position);
        }

        var raw = json[start..position];
        if (!Ascii.IsValid(raw) && !System.Text.Unicode.Utf8.IsValid(raw))
            JsonErrors.ThrowMalformed(start - 1, "this string is not valid UTF-8");
        return position;
    }

    // Most names and values are plain ASCII of fewer than 16 characters: one comparison finds their end. -1 for all others.
    private static int FindEndOfShort(ReadOnlySpan<byte> json, int start)
    {
        if (json.Length - start < Vector128<byte>.Count)
            return -1;
        var bytes = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(json), (nuint)start);
        var special = Vector128.Equals(bytes, Vector128.Create((byte)'"')) | Vector128.Equals(bytes, Vector128.Create((byte)'\\'))
            | Vector128.LessThan(bytes, Vector128.Create((byte)' ')) | bytes;
        var end = start + BitOperations.TrailingZeroCount(special.ExtractMostSignificantBits() | 0x10000);
        return end < start + Vector128<byte>.Count && json[end] == (byte)'"' ? end : -1;
    }

    /// <summary>Writes the unescaped form of a checked string; never longer than <paramref name="raw"/>.</summary>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> destination)
    {
        var written = 0;
        while (true)
        {
            var run = raw.IndexOf((byte)'\\');
            var plain = run < 0 ? raw : raw[..run];
            plain.CopyTo(destination[written..]);
            written += plain.Length;
            if (run < 0)
                return written;
            if (raw[run + 1] == (byte)'u')
            {
                var rune = ReadRune(raw[run..], out var length);
                written += rune.EncodeToUtf8(destination[written..]);
                raw = raw[(run + length)..];
            }
            else
            {
                destination[written++] = Simple(raw[run + 1]);
                raw = raw[(run + 2)..];
            }
        }
    }

    private static int CheckEscape(ReadOnlySpan<byte> json, int position)
    {
        if (position + 1 >= json.Length)
            JsonErrors.ThrowMalformed(position, "the text ends within an escape");
        if (json[position + 1] != (byte)'u')
        {
            if (Simple(json[position + 1]) == 0)
                JsonErrors.ThrowMalformed(position, $"unknown escape '\\' followed by {JsonErrors.Found(json, position + 1)}");
            return position + 2;
        }

        var unit = CheckHex(json, position);
        if (!char.IsSurrogate((char)unit))
            return position + 6;
        if (char.IsLowSurrogate((char)unit) || position + 7 >= json.Length || json[position + 6] != (byte)'\\' || json[position + 7] != (byte)'u'
            || !char.IsLowSurrogate((char)CheckHex(json, position + 6)))
            JsonErrors.ThrowMalformed(position, $"surrogate \\u{unit:X4} stands alone");
        return position + 12;
    }

    private static int CheckHex(ReadOnlySpan<byte> json, int position)
    {
        var unit = position + 6 <= json.Length ? Hex(json.Slice(position + 2, 4)) : -1;
        if (unit < 0)
            JsonErrors.ThrowMalformed(position, "\\u needs four hexadecimal digits");
        return unit;
    }

    private static int Hex(ReadOnlySpan<byte> digits)
    {
        var value = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigit((char)digit))
                return -1;
            value = (value << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return value;
    }

    private static Rune ReadRune(ReadOnlySpan<byte> escape, out int length)
    {
        var unit = (char)Hex(escape.Slice(2, 4));
        length = char.IsSurrogate(unit) ? 12 : 6;
        return length == 6 ? new Rune(unit) : new Rune(unit, (char)Hex(escape.Slice(8, 4)));
    }

    private static byte Simple(byte escape) => escape switch
    {
        (byte)'"' => (byte)'"',
        (byte)'\\' => (byte)'\\',
        (byte)'/' => (byte)'/',
        (byte)'b' => 8,
        (byte)'f' => 12,
        (byte)'n' => 10,
        (byte)'r' => 13,
        (byte)'t' => 9,
        _ => 0,
    };

    private static byte[] CreateSpecial()
    {
        var special = new byte[34];
        for (var i = 0; i < 32; i++)
            special[i] = (byte)i;
        special[32] = (byte)'"';
        special[33] = (byte)'\\';
        return special;
    }
}
