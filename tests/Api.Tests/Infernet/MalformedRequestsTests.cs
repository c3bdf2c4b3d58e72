using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Granary.Api.Tests.Support;

namespace Granary.Api.Tests.Infernet;

/// <summary>Whatever is sent, the answer is the JSON error that a node understands: never a crash, a hang or a success.</summary>
public class MalformedRequestsTests
{
    private const string Valid = """{"source":1,"destination":1,"data":{"input":{"dtype":"double","shape":[1,3],"values":[[1.5,-2,3e0]]}},"requires_proof":false}""";

    private static string[] Bodies() =>
    [
        // No JSON.
        "", " ", "\n\t", "\0", "null", "true", "7", "\"text\"", "[]", "{}", "{", "}", "{]", "[{]}", "nul", "{\"source\"", "{\"source\":", "{\"source\":1", "{\"source\":1,",
        "{\"source\":1,}", "{source:1}", "{'source':1}", "{\"source\":01}", "{\"source\":+1}", "{\"source\":1}{", "{\"source\":1} x", "\uFEFF" + Valid,
        Valid[..^1], Valid + "]", Valid.Replace("false", "fals"), Valid.Replace(",", ";"), Valid.Replace("\"source\"", "\"sou\nrce\""), Valid.Replace("\"source\"", "\"sou\\xrce\""),
        "<html></html>", "source=1&data=2", "{\"source\":1,\"data\":{\"input\":{\"dtype\":\"double\",\"shape\":[1],\"values\":[1]}}", "--boundary\r\n\r\n",
        // An envelope that is wrong.
        Valid.Replace("\"source\":1", "\"source\":-1"), Valid.Replace("\"source\":1", "\"source\":1e400"), Valid.Replace("\"source\":1", "\"source\":99999999999999999999"),
        Valid.Replace("\"source\":1", "\"source\":NaN"), Valid.Replace("\"source\":1", "\"source\":1.5"), Valid.Replace("\"source\":1", "\"source\":[1]"), Valid.Replace("\"source\":1", "\"source\":null"),
        Valid.Replace("\"destination\":1", "\"destination\":{}"), Valid.Replace("\"destination\":1", "\"destination\":9223372036854775807"),
        "{\"source\":1,\"data\":[]}", "{\"source\":1,\"data\":1}", "{\"source\":1,\"data\":\"\"}", "{\"source\":0,\"data\":\"0xzz\"}", "{\"source\":1,\"data\":{}}",
        // No vector, or half of one.
        Data("\"input\":null"), Data("\"input\":{}"), Data("\"input\":[]"), Data("\"input\":1"), Data("\"input\":\"x\""), Data("\"inputs\":{}"), Data("\"inputs\":{\"other\":{\"dtype\":\"double\",\"shape\":[1],\"values\":[1]}}"),
        Data("\"inputs\":{\"input\":7}"), Data("\"inputs\":[]"), Data("\"dtype\":\"double\""), Data("\"values\":null"), Data("\"values\":{}"), Data("\"values\":\"1\""),
        Vector("\"double\"", "[1,3]", "null"), "{\"source\":1,\"data\":{\"input\":{\"dtype\":\"double\",\"shape\":[1]}}}", "{\"source\":1,\"data\":{\"input\":{\"dtype\":\"double\",\"values\":[1]}}}",
        // Shapes.
        Vector("\"double\"", "[1,8]", "[1,2,3,4,5,6,7,8]"), Vector("\"double\"", "[2]", "[1]"), Vector("\"double\"", "[1]", "[1,2]"), Vector("\"double\"", "[2,2]", "[[1,2],[3]]"),
        Vector("\"double\"", "[1]", "[[1]]"), Vector("\"double\"", "[]", "[1]"), Vector("\"double\"", "[-1]", "[1]"), Vector("\"double\"", "[1.5]", "[1]"), Vector("\"double\"", "\"1\"", "[1]"), Vector("\"double\"", "{}", "[1]"),
        Vector("\"double\"", "[9223372036854775807]", "[1]"), Vector("\"double\"", "[4294967296,4294967296]", "[1]"), Vector("\"double\"", "[1000000000]", "[1]"), Vector("\"double\"", "[[1]]", "[1]"),
        Vector("\"double\"", "[99999999999999999999]", "[1]"), Vector("\"double\"", $"[{string.Join(',', Enumerable.Repeat(1, 200))}]", "[1]"), Vector("1", "[2]", "[[1,2]]"), Vector("1", "[1,2]", "[[1,2]]"), Vector("1", "[2]", "[1]"), Vector("1", "[0]", "[1]"),
        // Dtypes.
        Vector("\"flaot\"", "[1]", "[1]"), Vector("\"\"", "[1]", "[1]"), Vector("\"Double\"", "[1]", "[1]"), Vector("16", "[1]", "[1]"), Vector("-1", "[1]", "[1]"), Vector("1.5", "[1]", "[1]"), Vector("true", "[1]", "[1]"),
        Vector("[1]", "[1]", "[1]"), Vector("{}", "[1]", "[1]"), Vector("\"" + new string('d', 100_000) + "\"", "[1]", "[1]"), Data("\"dtype\":\"flaot\",\"values\":[[1]]"), Data("\"dtype\":1,\"values\":[[1]]"),
        // Values.
        Vector("\"uint8\"", "[1]", "[256]"), Vector("\"uint8\"", "[1]", "[-1]"), Vector("\"int8\"", "[1]", "[128]"), Vector("\"short\"", "[1]", "[32768]"), Vector("\"int\"", "[1]", "[2147483648]"),
        Vector("\"long\"", "[1]", "[9223372036854775808]"), Vector("\"int\"", "[1]", "[NaN]"), Vector("\"int\"", "[1]", "[1.5]"), Vector("\"long\"", "[1]", "[Infinity]"), Vector("\"bool\"", "[1]", "[\"yes\"]"),
        Vector("\"double\"", "[1]", "[\"1\"]"), Vector("\"double\"", "[1]", "[null]"), Vector("\"double\"", "[1]", "[{}]"), Vector("\"double\"", "[1]", "[1,]"), Vector("\"double\"", "[1]", "[,1]"), Vector("\"double\"", "[1]", "[1 2]"),
        Vector("\"double\"", "[1]", "[1.]"), Vector("\"double\"", "[1]", "[.5]"), Vector("\"double\"", "[1]", "[1e]"), Vector("\"double\"", "[1]", "[0x10]"), Vector("\"double\"", "[1]", "[- 1]"), Vector("\"double\"", "[1]", "[nan]"),
        Vector("\"double\"", "[1]", "[+Infinity]"), Vector("\"double\"", "[1]", "[1"), Data("\"dtype\":\"double\",\"values\":[[1,2],[3]]"), Data("\"dtype\":\"double\",\"values\":[[1],2]"), Data("\"dtype\":\"double\",\"values\":[[1],\"a\"]"),
        // Depth.
        Data("\"values\":" + new string('[', 100_000)), Data("\"dtype\":\"double\",\"values\":" + new string('[', 5000) + new string(']', 5000)), Data("\"x\":" + new string('[', 50_000) + new string(']', 50_000) + ",\"values\":[1]"),
        string.Concat(Enumerable.Repeat("{\"data\":", 20_000)), Data("\"input\":" + string.Concat(Enumerable.Repeat("{\"input\":", 10_000)) + new string('}', 10_000)),
        // Output options.
        Data("\"output_arithmetic\":\"decimal\",\"values\":[1]"), Data("\"output_arithmetic\":2,\"values\":[1]"), Data("\"output_num_decimals\":-1,\"values\":[1]"), Data("\"output_num_decimals\":256,\"values\":[1]"), Data("\"output_num_decimals\":\"6\",\"values\":[1]"),
    ];

    [Fact]
    public async Task ServiceOutput_MalformedBodies_AnswersTheJsonErrorForEach()
    {
        await using var server = await ApiServer.StartAsync();
        foreach (var body in Bodies())
            await AssertRefusedAsync(server, Encoding.UTF8.GetBytes(body));
        Assert.Empty(server.Cluster.Calls);
        await AssertAliveAsync(server);
    }

    [Fact]
    public void Bodies_Count_IsWhatTheIssueAsksFor() => Assert.True(Bodies().Length >= 60);

    [Fact]
    public async Task ServiceOutput_EveryTruncation_AnswersTheJsonError()
    {
        await using var server = await ApiServer.StartAsync();
        for (var length = 0; length < Valid.Length; length++)
            await AssertRefusedAsync(server, Encoding.UTF8.GetBytes(Valid[..length]));
        Assert.Empty(server.Cluster.Calls);
    }

    [Fact]
    public async Task ServiceOutput_InvalidUtf8_AnswersTheJsonError()
    {
        await using var server = await ApiServer.StartAsync();
        var body = Encoding.UTF8.GetBytes(Valid);
        body[Valid.IndexOf("source", StringComparison.Ordinal)] = 0xFF;
        await AssertRefusedAsync(server, body);
        await AssertRefusedAsync(server, [.. Encoding.Unicode.GetBytes(Valid)]);
        await AssertRefusedAsync(server, [0x1F, 0x8B, 8, 0, 0, 0, 0, 0]);
    }

    /// <summary>A few bytes of a good request are changed at random; what comes back is a good answer or the JSON error.</summary>
    [Fact]
    public async Task ServiceOutput_MutatedRequests_AnswersSuccessOrTheJsonError()
    {
        await using var server = await ApiServer.StartAsync();
        var mutations = (from position in Gen.Choose(0, Valid.Length - 1)
                         from kind in Gen.Choose(0, 2)
                         from replacement in Gen.Elements<char>("\0\"{}[]:,-+.eE0189NIntfa \n\\/\u00FF\u4E2D".ToCharArray())
                         select (position, kind, replacement)).ListOf();
        var property = Prop.ForAll(Arb.From(mutations), list =>
        {
            var text = new StringBuilder(Valid);
            foreach (var (position, kind, replacement) in list.Take(4))
            {
                var at = Math.Min(position, text.Length - 1);
                _ = kind switch
                {
                    0 => text.Insert(at, replacement),
                    1 => text.Remove(at, 1),
                    _ => text.Replace(text[at], replacement, at, 1),
                };
            }

            AssertAnsweredAsync(server, Encoding.UTF8.GetBytes(text.ToString())).GetAwaiter().GetResult();
        });
        await Task.Run(() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(1500), property));
    }

    private static string Data(string properties) => "{\"source\":1,\"data\":{" + properties + "}}";

    private static string Vector(string dtype, string shape, string values) => Data($"\"input\":{{\"dtype\":{dtype},\"shape\":{shape},\"values\":{values}}}");

    private static async Task AssertRefusedAsync(ApiServer server, byte[] body)
    {
        using var response = await server.PostAsync(body);
        Assert.True((int)response.StatusCode == 400, $"{(int)response.StatusCode} for {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(200, body.Length)))}: {await response.Content.ReadAsStringAsync()}");
        await ErrorAssert.IsErrorAsync(response, 400);
    }

    private static async Task AssertAnsweredAsync(ApiServer server, byte[] body)
    {
        using var response = await server.PostAsync(body);
        if ((int)response.StatusCode != 200)
            await ErrorAssert.IsErrorAsync(response, 400);
    }

    private static async Task AssertAliveAsync(ApiServer server) =>
        Assert.Equal((200, """{"dtype":"double","shape":[1,3],"values":[1.5,-2.0,3.0]}"""), await server.AskAsync(Valid));
}
