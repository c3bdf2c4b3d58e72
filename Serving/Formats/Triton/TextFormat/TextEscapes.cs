using System.Buffers;
using System.Globalization;
using System.Text;

namespace Granary.Serving.Formats.Triton.TextFormat;

/// <summary>The escapes of string literals: C's, octal and hex bytes, <c>\u</c> and <c>\U</c> code points.</summary>
internal static class TextEscapes
{
    /// <summary>What a literal without its quotes means; null with the index and the name of what is wrong.</summary>
    public static byte[]? Decode(ReadOnlySpan<char> literal, out int wrong, out string? fault)
    {
        var bytes = new ArrayBufferWriter<byte>(literal.Length + 1);
        fault = null;
        for (wrong = 0; wrong < literal.Length;)
        {
            var rest = literal[wrong..];
            var taken = rest[0] == '\\' ? Escape(rest, bytes, out fault) : Plain(rest, bytes, out fault);
            if (fault is not null)
                return null;
            wrong += taken;
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>A literal in double quotes that <see cref="Decode"/> reads back.</summary>
    public static string Encode(string text)
    {
        var result = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' => result.Append("\\\""),
                '\\' => result.Append("\\\\"),
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                < 0x20 or 0x7F => result.Append('\\').Append(Convert.ToString(rune.Value, 8).PadLeft(3, '0')),
                _ => result.Append(rune.ToString()),
            };
        }

        return result.Append('"').ToString();
    }

    private static int Plain(ReadOnlySpan<char> rest, ArrayBufferWriter<byte> bytes, out string? fault)
    {
        var ok = Rune.DecodeFromUtf16(rest, out var rune, out var taken) == OperationStatus.Done;
        fault = ok ? null : "Half of a surrogate pair in string literal.";
        Put(bytes, rune);
        return taken;
    }

    private static int Escape(ReadOnlySpan<char> rest, ArrayBufferWriter<byte> bytes, out string? fault)
    {
        fault = null;
        if (rest.Length < 2)
        {
            fault = "Invalid escape sequence in string literal.";
            return 0;
        }

        switch (rest[1])
        {
            case >= '0' and <= '7':
                return Octal(rest, bytes, out fault);
            case 'x' or 'X':
                return Hex(rest, bytes, out fault);
            case 'u' or 'U':
                return CodePoint(rest, bytes, out fault);
            default:
                var at = "abfnrtv\\?'\"".IndexOf(rest[1], StringComparison.Ordinal);
                if (at < 0)
                    fault = $"Invalid escape sequence \"\\{TextErrors.Show(rest[1].ToString())}\" in string literal.";
                else
                    Put(bytes, new Rune("\a\b\f\n\r\t\v\\?'\""[at]));
                return 2;
        }
    }

    private static int Octal(ReadOnlySpan<char> rest, ArrayBufferWriter<byte> bytes, out string? fault)
    {
        var (value, taken) = (0, 1);
        while (taken < Math.Min(4, rest.Length) && rest[taken] is >= '0' and <= '7')
            value = (value * 8) + (rest[taken++] - '0');
        fault = value > byte.MaxValue ? "Octal escape above \\377 in string literal." : null;
        Put(bytes, (byte)value);
        return taken;
    }

    private static int Hex(ReadOnlySpan<char> rest, ArrayBufferWriter<byte> bytes, out string? fault)
    {
        var taken = 2;
        while (taken < Math.Min(4, rest.Length) && char.IsAsciiHexDigit(rest[taken]))
            taken++;
        fault = taken == 2 ? "Expected hex digits for escape sequence." : null;
        if (fault is null)
            Put(bytes, byte.Parse(rest[2..taken], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return taken;
    }

    private static int CodePoint(ReadOnlySpan<char> rest, ArrayBufferWriter<byte> bytes, out string? fault)
    {
        fault = null;
        var wide = rest[1] == 'U';
        var length = wide ? 10 : 6;
        if (Unit(rest, length) is not { } value)
        {
            fault = wide ? "Expected eight hex digits up to 10ffff for \\U escape sequence" : "Expected four hex digits for \\u escape sequence.";
            return 0;
        }

        // JSON's way to write what lies beyond \uFFFF.
        if (!wide && value is >= 0xD800 and < 0xDC00 && rest.Length >= 12 && rest[6] == '\\' && rest[7] == 'u'
            && Unit(rest[6..], 6) is >= 0xDC00 and < 0xE000 and var low)
        {
            value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
            length = 12;
        }

        if (Rune.IsValid(value))
            Put(bytes, new Rune(value));
        else
            fault = wide ? "Expected eight hex digits up to 10ffff for \\U escape sequence" : "Half of a surrogate pair in string literal.";
        return length;
    }

    private static uint? Unit(ReadOnlySpan<char> rest, int length) => rest.Length >= length
        && uint.TryParse(rest[2..length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static void Put(ArrayBufferWriter<byte> bytes, byte value)
    {
        bytes.GetSpan(1)[0] = value;
        bytes.Advance(1);
    }

    private static void Put(ArrayBufferWriter<byte> bytes, Rune rune) => bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
}
