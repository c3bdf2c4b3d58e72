using System.Buffers;
using System.Text;

namespace Granary.Api.Grpc;

/// <summary>
/// The value of <c>grpc-message</c>: UTF-8 in which every byte but printable ASCII, and <c>%</c> itself, is written <c>%XX</c>.
/// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
/// </summary>
internal static class GrpcMessageText
{
    /// <summary>Longest encoded text; clients refuse more than 8 KiB of headers by default.</summary>
    public const int MaxLength = 6000;

    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Where(c => c != '%')]);

    /// <summary>Encodes a message; a very long one loses its end, at a whole character.</summary>
    public static string Encode(string message)
    {
        if (message.Length <= MaxLength && message.AsSpan().IndexOfAnyExcept(Plain) < 0)
            return message;
        var text = new StringBuilder(message.Length + 64);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in message.EnumerateRunes())
        {
            var plain = rune.IsAscii && Plain.Contains((char)rune.Value);
            if (text.Length + (plain ? 1 : 3 * rune.Utf8SequenceLength) > MaxLength)
                break;
            if (plain)
                text.Append((char)rune.Value);
            else
                AppendEncoded(text, bytes[..rune.EncodeToUtf8(bytes)]);
        }

        return text.ToString();
    }

    private static void AppendEncoded(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
            text.Append('%').Append("0123456789ABCDEF"[value >> 4]).Append("0123456789ABCDEF"[value & 15]);
    }
}
