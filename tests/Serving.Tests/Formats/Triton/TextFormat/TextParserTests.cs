using System.Text;
using Granary.Serving.Formats.Triton.TextFormat;
using Granary.Serving.Tests.Support;

namespace Granary.Serving.Tests.Formats.Triton.TextFormat;

public sealed class TextParserTests
{
    [Theory]
    [InlineData("""a: "x" """, "a=:'x'")]
    [InlineData("a { b: 1 c { } } d: 2", "a={b=:1 c={}} d=:2")]
    [InlineData("a < b: 1 > ; c: < >", "a={b=:1} c=:{}")]
    [InlineData("a: [1, 2], b: [] c [ {}, < d: t > ]", "a=:[1 2] b=:[] c=[{} {d=:t}]")]
    [InlineData("a: -1 b: - 2 c: -inf d: 0x1F e: 017 f: 1.5e-3 g: 1f h: .5 i: 2.", "a=:-1 b=:-2 c=:-inf d=:0x1F e=:017 f=:1.5e-3 g=:1f h=:.5 i=:2.")]
    [InlineData("# nothing\n\t a:TYPE_FP32#end", "a=:TYPE_FP32")]
    [InlineData("a:1b:2", null)]
    [InlineData("", "")]
    [InlineData("\uFEFFa: 1", "a=:1")]
    public void Parse_EveryForm_GivesTheTree(string text, string? expected)
    {
        if (expected is null)
            Raises.Serving(ServingError.InvalidArgument, () => TextParser.Parse(text, "f"));
        else
            Assert.Equal(expected, Print(TextParser.Parse(text, "f").Fields));
    }

    [Theory]
    [InlineData("""'a' "b" 'c'""", "abc")]
    [InlineData("""'\a\b\f\n\r\t\v\\\?\'\"'""", "\a\b\f\n\r\t\v\\?'\"")]
    [InlineData("""'\101\7\0601'""", "A\a01")]
    [InlineData("""'\x41\x4a1\xc3\xa9'""", "AJ1é")]
    [InlineData("""'\u00e9\U0001F600\ud83d\ude00'""", "é😀😀")]
    [InlineData("""'\303' '\251'""", "é")]
    [InlineData("'two\nlines'", "two\nlines")]
    [InlineData("'# no comment'", "# no comment")]
    public void Parse_Strings_UnderstandsEscapes(string literal, string expected) =>
        Assert.Equal(expected, ((TextScalar)TextParser.Parse($"a: {literal}", "f").Fields[0].Value).Text);

    [Theory]
    [InlineData("a: 1\nb 2", "f:2:3: Expected \":\", found \"2\".")]
    [InlineData("a: {", "f:1:5: Expected \"}\", found the end of the file; the \"{\" of 1:4 is never closed")]
    [InlineData("a: { b: 1 >", "f:1:11: Expected identifier, got: \">\"")]
    [InlineData("a: [1, ]", "f:1:8: a list must not end with a comma")]
    [InlineData("a: [1 2]", "f:1:7: Expected \",\" or \"]\", found \"2\".")]
    [InlineData("a [1]", "f:1:4: Expected \":\", found \"1\".")]
    [InlineData("a: [[1]]", "f:1:5: Expected a value, got: \"[\"")]
    [InlineData("[ext.name]: 1", "f:1:1: extensions and Any messages ([name]) are not part of a model configuration")]
    [InlineData("a { [type.googleapis.com/x] { } }", "f:1:5: extensions and Any messages ([name]) are not part of a model configuration")]
    [InlineData("a:", "f:1:3: Expected a value, got: the end of the file")]
    [InlineData("a: -true", "f:1:5: Expected a number after \"-\", got: \"true\"")]
    [InlineData("a: 'x", "f:1:4: Unexpected end of string.")]
    [InlineData("a: 'x\\", "f:1:4: Unexpected end of string.")]
    [InlineData("a: 'x\\q'", "f:1:6: Invalid escape sequence \"\\q\" in string literal.")]
    [InlineData("a: '\n\\xg'", "f:2:1: Expected hex digits for escape sequence.")]
    [InlineData("a: '\\u12'", "f:1:5: Expected four hex digits for \\u escape sequence.")]
    [InlineData("a: '\\U00110000'", "f:1:5: Expected eight hex digits up to 10ffff for \\U escape sequence")]
    [InlineData("a: '\\ud800'", "f:1:5: Half of a surrogate pair in string literal.")]
    [InlineData("a: '\\400'", "f:1:5: Octal escape above \\377 in string literal.")]
    [InlineData("a: '\\xff'", "f:1:4: the escapes of this string do not make UTF-8 text")]
    [InlineData("a: 0x", "f:1:6: \"0x\" must be followed by hex digits.")]
    [InlineData("a: 089", "f:1:4: Numbers starting with leading zero must be in octal.")]
    [InlineData("a: 1e", "f:1:6: \"e\" must be followed by exponent.")]
    [InlineData("a: 1.2.3", "f:1:7: Need space between number and '.'.")]
    [InlineData("// comment", "f:1:1: Expected identifier, got: \"/\"")]
    [InlineData("a: é", "f:1:4: Invalid character U+00E9 outside of a string")]
    public void Parse_Mistakes_NameFileLineAndColumn(string text, string expected) =>
        Assert.Equal(expected, Raises.Serving(ServingError.InvalidArgument, () => TextParser.Parse(text, "f")));

    [Fact]
    public void Parse_BytesThatAreNoUtf8_NameThePlace() => Assert.Equal(
        "f:2:4: the file is not UTF-8 text",
        Raises.Serving(ServingError.InvalidArgument, () => TextParser.Parse((byte[])[.. "a: 1\né: "u8, 0xFF], "f")));

    [Fact]
    public void Parse_NestingBeyondTheLimit_IsRefused()
    {
        var atLimit = new StringBuilder().Insert(0, "a{", TextParser.MaxDepth).Append('}', TextParser.MaxDepth).ToString();
        TextParser.Parse(atLimit, "f");

        var message = Raises.Serving(ServingError.InvalidArgument, () => TextParser.Parse(new StringBuilder().Insert(0, "a{", 100_000).ToString(), "f"));

        Assert.Equal("f:1:130: Message is too deep: at most 64 levels are read", message);
    }

    private static string Print(IEnumerable<TextField> fields) =>
        string.Join(' ', fields.Select(field => $"{field.Name}={(field.HasColon ? ":" : "")}{Print(field.Value)}"));

    private static string Print(TextNode node) => node switch
    {
        TextMessage message => $"{{{Print(message.Fields)}}}",
        TextList list => $"[{string.Join(' ', list.Items.Select(Print))}]",
        TextScalar { Kind: TextTokenKind.String } text => $"'{text.Text}'",
        TextScalar scalar => scalar.Shown,
        _ => throw new InvalidOperationException(),
    };
}
