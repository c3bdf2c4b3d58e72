using System.Text;
using System.Text.Json;
using Granary.Serving.Json;

namespace Granary.Serving.Tests.Json;

/// <summary>Our cursor takes exactly the texts that System.Text.Json takes, skipping or walking, apart from Python's literals.</summary>
public sealed class JsonAcceptanceTests
{
    private static readonly string[] Valid =
    [
        "null", " true ", "false", "0", "-0.5e-7", "\"\"", "\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00é😀\"", "[]", "{}", "[[],{},[{}]]",
        "{\"a\":1,\"a\":2}", "[1,2.5,-3e4,\"x\",null,true,false,{\"k\":[1,[2,[3]]]}]",
        "{\"source\": 1, \"destination\": 2, \"data\": {\"dtype\": \"float\", \"values\": [[0.12345678901234567, -0.98765432109876543], [1.0, 255]]}, \"requires_proof\": false}",
        "[0.1234567890123456,\n              -0.2345678901234567,\n              0.3456789012345678,\n              12.5,\t\r\n 7 , 8e2,\n              0.3456789012345678]",
        "[0.8470000000000001,0.8470000000000001,0.8470000000000001,-0.8470000000000001,0.8470000000000001,0.8470000000000001e5,0.8470000000000001]",
        "  {\"\\u0061\" : {\"b\":[[[1]]]}, \"very long name with many characters in it 0123456789\":\"and a value as long as that 0123456789\"}\n",
    ];

    private static readonly string[] Invalid =
    [
        "", " ", "nul", "nulll", "True", "tru", "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\" 1}",
        "{a:1}", "{'a':1}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "[\"a\"", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\t\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"",
        "01", "-", "-a", "+1", "1.", ".5", "1.e2", "1e", "1e+", "0x10", "1a", "1-2", "1.2.3", "1e5.5", "--1", "[1.5e]", "[0.12345678901234567.5,0.12345678901234567,0.12345678901234567,0.12345]",
        "//x\n1", "[1/**/]", "[1;2]", "1 2", "{} {}", "[\u00a01]", "[1,\u000b2]", "\ufeff1", "nan", "inf", "-nan", "undefined",
    ];

    [Fact]
    public void Cursor_ValidText_IsTaken()
    {
        foreach (var json in Valid)
            Assert.True(Check(Encoding.UTF8.GetBytes(json)), json);
    }

    [Fact]
    public void Cursor_InvalidText_IsRefused()
    {
        foreach (var json in Invalid)
            Assert.False(Check(Encoding.UTF8.GetBytes(json)), json);
    }

    [Fact]
    public void Cursor_TextCutAtEveryByte_AgreesWithSystemTextJson()
    {
        foreach (var json in Valid.Concat(Invalid))
        {
            var bytes = Encoding.UTF8.GetBytes(json);
            for (var length = 0; length <= bytes.Length; length++)
                Check(bytes[..length]);
        }
    }

    [Fact]
    public void Cursor_RandomMutations_AgreeWithSystemTextJson()
    {
        var random = new Random(21);
        var pieces = "[]{},:\"\\ 0123456789.-+eEtrufalsn\t\n\r\u0000\u0001x/é"u8.ToArray();
        var accepted = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(Valid[random.Next(Valid.Length)]).ToList();
            for (var change = random.Next(1, 4); change > 0 && bytes.Count > 0; change--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0:
                        bytes.RemoveAt(at);
                        break;
                    case 1:
                        bytes.Insert(at, pieces[random.Next(pieces.Length)]);
                        break;
                    case 2:
                        bytes[at] = pieces[random.Next(pieces.Length)];
                        break;
                    default:
                        (bytes[at], bytes[^1]) = (bytes[^1], bytes[at]);
                        break;
                }
            }

            accepted += Check([.. bytes]) ? 1 : 0;
        }

        // The mutations must exercise both answers, or the test shows nothing.
        Assert.InRange(accepted, 2_000, 15_000);
    }

    [Theory]
    [InlineData("[NaN, Infinity, -Infinity]", true)]
    [InlineData("{\"a\":NaN}", true)]
    [InlineData("[NaN1]", false)]
    [InlineData("[-NaN]", false)]
    [InlineData("[Infinit]", false)]
    [InlineData("[+Infinity]", false)]
    [InlineData("[nan]", false)]
    public void Cursor_PythonLiterals_AreTakenAsPythonWritesThem(string json, bool expected)
    {
        Assert.Equal(expected, JsonCursorTests.Accepts(json, static (ref JsonCursor cursor) => cursor.SkipValue()));
        Assert.Equal(expected, JsonCursorTests.Accepts(json, JsonCursorTests.WalkAll));
    }

    [Fact]
    public void SkipValue_InvalidUtf8_IsRefused()
    {
        foreach (var bad in new byte[][] { [0xC3], [0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC0, 0x80], [0xFF] })
            Assert.False(Check([(byte)'"', .. bad, (byte)'"']));
    }

    private static bool Check(byte[] json)
    {
        var expected = SystemTextJsonAccepts(json);
        // A copy without a byte to spare, so that reading past the end cannot find something there by luck.
        Assert.True(expected == OursAccepts(json, static (ref JsonCursor cursor) => cursor.SkipValue()), $"skipping {Encoding.UTF8.GetString(json)}: expected {expected}");
        Assert.True(expected == OursAccepts(json, JsonCursorTests.WalkAll), $"walking {Encoding.UTF8.GetString(json)}: expected {expected}");
        return expected;
    }

    private static bool OursAccepts(byte[] json, JsonCursorTests.Reading read)
    {
        try
        {
            var cursor = new JsonCursor(json);
            read(ref cursor);
            cursor.End();
            return true;
        }
        catch (ServingException error) when (error.Error == ServingError.InvalidArgument)
        {
            return false;
        }
    }

    private static bool SystemTextJsonAccepts(byte[] json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonCursor.MaxDepth });
            while (reader.Read())
            {
                // Read() checks neither UTF-8 nor surrogates; asking for the text does.
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    reader.GetString();
            }

            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
