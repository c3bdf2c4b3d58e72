using System.Text;

namespace Granary.Serving.Handlers.Texts;

/// <summary>
/// A text to tokens as TorchServe's text classifier makes them: tags and entities taken out, lower case, contractions spelt out, ASCII
/// without punctuation, split at white space. Source: <c>ts/torch_handler/text_handler.py</c>, <c>text_classifier.py</c>.
/// </summary>
internal static class TextTokens
{
    /// <summary>The words in order, then every two that are neighbours with a space between them.</summary>
    public static IReadOnlyList<string> OfOneAndTwo(string text)
    {
        var words = Words(text);
        var tokens = new List<string>(words.Length * 2);
        tokens.AddRange(words);
        for (var i = 1; i < words.Length; i++)
            tokens.Add($"{words[i - 1]} {words[i]}");
        return tokens;
    }

    private static string[] Words(string text)
    {
        var expanded = Contractions.Expand(WithoutTags(text).ToLowerInvariant());
        var ascii = new StringBuilder(expanded.Length);
        AsciiFolding.Append(ascii, expanded);
        var words = new StringBuilder(ascii.Length);
        foreach (var chunk in ascii.GetChunks())
        {
            foreach (var c in chunk.Span)
            {
                // Python's white space of ASCII; its punctuation is what is neither that, a letter, a digit nor a control character.
                if (c is ' ' or (>= '\t' and <= '\r') or (>= '\u001c' and <= '\u001f'))
                    words.Append(' ');
                else if (char.IsAsciiLetterOrDigit(c) || char.IsControl(c))
                    words.Append(char.ToLowerInvariant(c));
            }
        }

        return words.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Removes <c>&lt;.*?&gt;|&amp;([a-z0-9]+|#[0-9]{1,6}|#x[0-9a-f]{1,6});</c> in linear time.</summary>
    private static string WithoutTags(string text)
    {
        var result = new StringBuilder(text.Length);
        // No tag that begins before this place ends.
        var open = 0;
        for (var i = 0; i < text.Length;)
        {
            var length = text[i] switch
            {
                '<' when i >= open => TagLength(text, i, ref open),
                '&' => EntityLength(text.AsSpan(i)),
                _ => 0,
            };
            if (length == 0)
                result.Append(text[i++]);
            i += length;
        }

        return result.ToString();
    }

    private static int TagLength(string text, int start, ref int open)
    {
        var end = text.AsSpan(start).IndexOfAny('>', '\n');
        if (end >= 0 && text[start + end] == '>')
            return end + 1;
        open = end < 0 ? text.Length : start + end;
        return 0;
    }

    private static int EntityLength(ReadOnlySpan<char> text)
    {
        var (start, most, isHex) = text switch
        {
            ['&', '#', 'x', ..] => (3, 6, true),
            ['&', '#', ..] => (2, 6, false),
            _ => (1, int.MaxValue, false),
        };
        var end = start;
        while (end < text.Length && IsPart(text[end], start, isHex))
            end++;
        return end > start && end - start <= most && end < text.Length && text[end] == ';' ? end + 1 : 0;
    }

    private static bool IsPart(char c, int start, bool isHex) => char.IsAsciiDigit(c)
        || (isHex ? c is >= 'a' and <= 'f' : start == 1 && c is >= 'a' and <= 'z');
}
