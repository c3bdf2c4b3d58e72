using System.Text;
using Granary.Serving.Json;

namespace Granary.Serving.Tests.Json;

public sealed class JsonCursorTests
{
    [Fact]
    public void Walk_InfernetBody_FindsEveryPart()
    {
        var cursor = new JsonCursor("""
            { "source": 1, "data": {"dtype" : "float", "values": [[1.5, 2], [3, 4e0]], "x": null}, "requires_proof":false, "id": 9007199254740993 }
            """u8);
        var seen = new List<string>();
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (name.Is("source"u8))
                seen.Add($"source {cursor.ReadInt32()}");
            else if (name.Is("requires_proof"u8))
                seen.Add($"proof {cursor.ReadBoolean()}");
            else if (name.Is("id"u8))
                seen.Add($"id {cursor.ReadInt64()}");
            else
                seen.Add($"{name.ToString()} {Encoding.UTF8.GetString(cursor.ReadRaw())}");
        }

        cursor.End();
        Assert.Equal(
            ["source 1", "data {\"dtype\" : \"float\", \"values\": [[1.5, 2], [3, 4e0]], \"x\": null}", "proof False", "id 9007199254740993"],
            seen);
    }

    [Fact]
    public void Position_SetBackToASkippedValue_ReadsItAgain()
    {
        var cursor = new JsonCursor("""{"values":[1, 2],"dtype":"int","k":[[],{}]}"""u8);
        var values = 0;
        cursor.BeginObject();
        Assert.True(cursor.NextProperty(out _));
        values = cursor.Position;
        cursor.SkipValue();
        Assert.True(cursor.NextProperty(out var name));
        Assert.True(name.Is("dtype"u8));
        Assert.Equal("int", cursor.ReadString());
        var after = cursor.Position;
        cursor.Position = values;
        cursor.BeginArray();
        Assert.True(cursor.NextItem());
        Assert.Equal(1, cursor.ReadDouble());
        Assert.True(cursor.NextItem());
        Assert.Equal(2, cursor.Fork(cursor.Position).ReadInt64());
        Assert.Equal(2, cursor.ReadInt64());
        Assert.False(cursor.NextItem());
        cursor.Position = after;
        Assert.True(cursor.NextProperty(out name));
        Assert.Equal("k", name.ToString());
        cursor.BeginArray();
        Assert.True(cursor.NextItem());
        cursor.BeginArray();
        Assert.False(cursor.NextItem());
        Assert.True(cursor.NextItem());
        cursor.BeginObject();
        Assert.False(cursor.NextProperty(out _));
        Assert.False(cursor.NextItem());
        Assert.False(cursor.NextProperty(out _));
        cursor.End();
    }

    [Theory]
    [InlineData("{", JsonKind.Object)]
    [InlineData(" [", JsonKind.Array)]
    [InlineData("\n\t\r \"", JsonKind.String)]
    [InlineData("-1", JsonKind.Number)]
    [InlineData("7", JsonKind.Number)]
    [InlineData("NaN", JsonKind.Number)]
    [InlineData("Infinity", JsonKind.Number)]
    [InlineData("true", JsonKind.True)]
    [InlineData("false", JsonKind.False)]
    [InlineData("null", JsonKind.Null)]
    public void PeekKind_Value_NamesIt(string json, JsonKind expected) =>
        Assert.Equal(expected, new JsonCursor(Encoding.UTF8.GetBytes(json)).PeekKind());

    [Fact]
    public void TryReadNull_NullOrNot_ConsumesOnlyNull()
    {
        var cursor = new JsonCursor("[null,1]"u8);
        cursor.BeginArray();
        Assert.True(cursor.NextItem());
        Assert.True(cursor.TryReadNull());
        Assert.True(cursor.NextItem());
        Assert.False(cursor.TryReadNull());
        Assert.Equal(1, cursor.ReadInt32());
        Assert.False(cursor.NextItem());
    }

    [Theory]
    [InlineData("", 0, "expected a value, found the end of the text")]
    [InlineData("[1 2]", 3, "expected ',' or ']', found '2'")]
    [InlineData("[1,]", 3, "expected a value, found ']'")]
    [InlineData("[1,\u0001]", 3, "expected a value, found byte 0x01")]
    [InlineData("{\"a\" 1}", 5, "expected ':' after a property name, found '1'")]
    [InlineData("{\"a\":1,}", 7, "expected a property name, found '}'")]
    [InlineData("{1:1}", 1, "expected a property name, found '1'")]
    [InlineData("[01]", 1, "a number may not start with a zero")]
    [InlineData("[1.]", 1, "'1.' is not a number")]
    [InlineData("[nan]", 1, "expected true, false or null")]
    [InlineData("[\"ab", 1, "this string does not end")]
    [InlineData("[\"a\nb\"]", 3, "control character 0x0A in a string; write it as an escape")]
    [InlineData("[\"\\x\"]", 2, "unknown escape '\\' followed by 'x'")]
    [InlineData("[\"\\u12G4\"]", 2, "\\u needs four hexadecimal digits")]
    [InlineData("[\"\\ud800\"]", 2, "surrogate \\uD800 stands alone")]
    public void SkipValue_Malformed_SaysWhereAndWhat(string json, int position, string what)
    {
        var error = Assert.Throws<ServingException>(() => new JsonCursor(Encoding.UTF8.GetBytes(json)).SkipValue());
        Assert.Equal(ServingError.InvalidArgument, error.Error);
        Assert.Equal($"malformed JSON at byte {position}: {what}", error.Message);
    }

    [Theory]
    [InlineData("\"x\"", "expected an object, found a string")]
    [InlineData("[1]", "expected an object, found a list")]
    [InlineData("null", "expected an object, found null")]
    public void BeginObject_OtherValue_NamesIt(string json, string expected)
    {
        var error = Assert.Throws<ServingException>(() => new JsonCursor(Encoding.UTF8.GetBytes(json)).BeginObject());
        Assert.Equal($"invalid value at byte 0: {expected}", error.Message);
    }

    [Theory]
    [InlineData("3.5", "invalid value at byte 0: 3.5 is not a whole number, which int64 needs")]
    [InlineData("NaN", "invalid value at byte 0: NaN is not a whole number, which int64 needs")]
    [InlineData("9223372036854775808", "invalid value at byte 0: 9223372036854775808 does not fit int64, which holds -9223372036854775808 to 9223372036854775807")]
    [InlineData("\"1\"", "invalid value at byte 0: expected a whole number, found a string")]
    [InlineData("-", "malformed JSON at byte 0: '-' is not a number")]
    public void ReadInt64_NotOne_SaysWhy(string json, string expected)
    {
        var error = Assert.Throws<ServingException>(() => new JsonCursor(Encoding.UTF8.GetBytes(json)).ReadInt64());
        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void ReadInt32_TooLarge_NamesTheRange()
    {
        var error = Assert.Throws<ServingException>(() => new JsonCursor(" 2147483648"u8).ReadInt32());
        Assert.Equal("invalid value at byte 1: 2147483648 does not fit int32, which holds -2147483648 to 2147483647", error.Message);
    }

    [Fact]
    public void End_MoreText_IsRefused()
    {
        var error = Assert.Throws<ServingException>(() =>
        {
            var cursor = new JsonCursor("{} x"u8);
            cursor.SkipValue();
            cursor.End();
        });
        Assert.Equal("malformed JSON at byte 3: expected the end of the text, found 'x'", error.Message);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    [InlineData(100_000, false)]
    public void Depth_BeyondTheLimit_IsRefused(int depth, bool accepted)
    {
        foreach (var (open, close) in new[] { ("[", "]"), ("{\"a\":[", "]}") })
        {
            var levels = depth / (open.Length == 1 ? 1 : 2);
            var odd = open.Length > 1 && depth % 2 == 1;
            var json = Repeat(open, levels) + (odd ? "[]" : "1") + Repeat(close, levels);
            Assert.Equal(accepted, Accepts(json, static (ref JsonCursor cursor) => cursor.SkipValue()));
            Assert.Equal(accepted, Accepts(json, WalkAll));
        }
    }

    internal delegate void Reading(ref JsonCursor cursor);

    internal static bool Accepts(string json, Reading read)
    {
        try
        {
            var cursor = new JsonCursor(Encoding.UTF8.GetBytes(json));
            read(ref cursor);
            cursor.End();
            return true;
        }
        catch (ServingException error) when (error.Error == ServingError.InvalidArgument)
        {
            return false;
        }
    }

    /// <summary>Reads a value of any kind method by method, as a protocol does.</summary>
    internal static void WalkAll(ref JsonCursor cursor)
    {
        switch (cursor.PeekKind())
        {
            case JsonKind.Object:
                cursor.BeginObject();
                while (cursor.NextProperty(out var name))
                {
                    name.ToString();
                    WalkAll(ref cursor);
                }

                break;
            case JsonKind.Array:
                cursor.BeginArray();
                while (cursor.NextItem())
                    WalkAll(ref cursor);
                break;
            case JsonKind.String:
                cursor.ReadString();
                break;
            case JsonKind.Number:
                cursor.ReadDouble();
                break;
            case JsonKind.Null:
                Assert.True(cursor.TryReadNull());
                break;
            default:
                cursor.ReadBoolean();
                break;
        }
    }

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();
}
