using System.Text;
using System.Text.Json;
using Granary.Serving.Json;

namespace Granary.Serving.Tests.Json;

public sealed class JsonStringTests
{
    [Theory]
    [InlineData("\"values\"", "values", true)]
    [InlineData("\"v\\u0061lues\"", "values", true)]
    [InlineData("\"values\"", "value", false)]
    [InlineData("\"value\\u0073\"", "value", false)]
    [InlineData("\"\\n\"", "\n", true)]
    [InlineData("\"\\ud83d\\ude00\"", "😀", true)]
    [InlineData("\"\\u0000\"", "\0", true)]
    [InlineData("\"\"", "", true)]
    [InlineData("\"\\\\n\"", "\n", false)]
    public void Is_EscapedOrNot_ComparesTheText(string json, string text, bool expected)
    {
        var name = new JsonCursor(Encoding.UTF8.GetBytes(json)).ReadText();
        Assert.Equal(expected, name.Is(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(expected, name.ToString() == text);
    }

    [Fact]
    public void Is_LongEscapedText_IsCompared()
    {
        var text = new string('é', 4000) + "\"";
        var json = JsonSerializer.SerializeToUtf8Bytes(text);
        var value = new JsonCursor(json).ReadText();
        Assert.True(value.Is(Encoding.UTF8.GetBytes(text)));
        Assert.False(value.Is(Encoding.UTF8.GetBytes(text[1..])));
        Assert.Equal(text, value.ToString());
    }

    [Fact]
    public void WriteString_RandomText_IsReadBackByUsAndByOthers()
    {
        var random = new Random(31);
        for (var i = 0; i < 3_000; i++)
        {
            var text = RandomText(random);
            using var writer = new PooledBufferWriter(16);
            JsonScalarWriter.WriteString(writer, text);
            var cursor = new JsonCursor(writer.WrittenSpan);
            Assert.Equal(text, cursor.ReadString());
            cursor.End();
            Assert.Equal(text, JsonSerializer.Deserialize<string>(writer.WrittenSpan));
            Assert.Equal(text, new JsonCursor(JsonSerializer.SerializeToUtf8Bytes(text)).ReadString());
        }
    }

    [Theory]
    [InlineData("a\"b\\c\n\u0001", "\"a\\\"b\\\\c\\n\\u0001\"")]
    [InlineData("é😀/", "\"é😀/\"")]
    public void WriteString_SpecialCharacters_AreEscapedOnlyWhereNeeded(string text, string expected)
    {
        using var writer = new PooledBufferWriter();
        JsonScalarWriter.WriteString(writer, text);
        Assert.Equal(expected, Encoding.UTF8.GetString(writer.WrittenSpan));
    }

    [Fact]
    public void WriteString_LoneSurrogate_BecomesTheReplacementCharacter()
    {
        using var writer = new PooledBufferWriter();
        JsonScalarWriter.WriteString(writer, "\ud800x");
        Assert.Equal("\"\ufffdx\"", Encoding.UTF8.GetString(writer.WrittenSpan));
    }

    private static string RandomText(Random random)
    {
        var text = new StringBuilder();
        var length = random.Next(10) == 0 ? random.Next(5000) : random.Next(20);
        for (var i = 0; i < length; i++)
        {
            Rune? rune = random.Next(6) switch
            {
                0 => new Rune(random.Next(32)),
                1 => new Rune("\"\\/"[random.Next(3)]),
                2 => new Rune(random.Next(0xE000, 0x10FFFF)),
                3 => new Rune(random.Next(0x80, 0xD800)),
                _ => new Rune(random.Next(32, 127)),
            };
            text.Append(rune);
        }

        return text.ToString();
    }
}
