using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Granary.Api.Tests.OpenInference.Http;

/// <summary>Valid requests with something broken in them: the caller is told, and the server goes on.</summary>
public sealed class MalformedTests(V2Bed bed) : IClassFixture<V2Bed>
{
    private const int Rounds = 10_000;
    private static readonly string[] Tokens = ["{", "}", "[", "]", ",", ":", "\"", "null", "-1", "1e999", "NaN", "true", "\\u12", "99999999999999999999", "\0", "é"];

    private static readonly string[] Valid =
    [
        """{"id":"1","inputs":[{"name":"INPUT0","shape":[1,16],"datatype":"INT32","data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]},{"name":"INPUT1","shape":[1,16],"datatype":"INT32","data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}],"outputs":[{"name":"OUTPUT0","parameters":{"classification":2}}]}""",
        """{"inputs":[{"name":"INPUT0","shape":[1,16],"datatype":"INT32","parameters":{"binary_data_size":64}},{"name":"INPUT1","shape":[1,16],"datatype":"INT32","parameters":{"binary_data_size":64}}],"parameters":{"binary_data_output":true,"priority":1,"timeout":10}}""",
        """{"inputs":[{"name":"x","shape":[2],"datatype":"FP16","data":[1,2.5]},{"name":"words","shape":[2],"datatype":"BYTES","data":["a","\u00e9"]}]}""",
    ];

    [Fact]
    public async Task Infer_MutatedRequests_GetAClearAnswerEach()
    {
        var random = new Random(20261121);
        var statuses = new SortedDictionary<int, int>();
        for (var round = 0; round < Rounds; round++)
        {
            var kind = random.Next(Valid.Length);
            var json = Mutate(random, Encoding.UTF8.GetBytes(Valid[kind]));
            byte[] body = kind == 1 ? [.. json, .. new byte[random.Next(4) == 0 ? random.Next(200) : 128]] : json;
            var length = kind != 1 && random.Next(10) > 0 ? null : random.Next(10) == 0 ? $"{random.Next(-5, 400)}" : json.Length.ToString(CultureInfo.InvariantCulture);
            using var response = length is null
                ? await bed.SendAsync(kind == 2 ? "mixed" : "simple", body)
                : await bed.SendAsync(kind == 2 ? "mixed" : "simple", body, ("Inference-Header-Content-Length", length));
            var status = (int)response.StatusCode;
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
            if (status == 200)
                continue;
            var answer = await response.Content.ReadAsStringAsync();
            Assert.True(status is 400 or 501, $"{status} {answer} for {Encoding.UTF8.GetString(body)}");
            using var error = JsonDocument.Parse(answer);
            Assert.NotEqual("", error.RootElement.GetProperty("error").GetString());
        }

        Assert.True(statuses[400] > Rounds / 3);
        Assert.Equal(200, (await bed.GetAsync("/v2/health/ready")).Status);
        Assert.Equal(200, (await bed.InferAsync("simple", Valid[0])).Status);
    }

    private static byte[] Mutate(Random random, byte[] text)
    {
        if (text.Length == 0)
            return text;
        var at = random.Next(text.Length);
        return random.Next(6) switch
        {
            0 => text[..at],
            1 => [.. text[..at], (byte)random.Next(256), .. text[(at + 1)..]],
            2 => [.. text[..at], .. Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]), .. text[at..]],
            3 => [.. text[..at], .. text[Math.Min(text.Length, at + 1 + random.Next(12))..]],
            4 => ReplaceNumber(random, text),
            _ => Mutate(random, Mutate(random, [.. text])),
        };
    }

    private static byte[] ReplaceNumber(Random random, byte[] text)
    {
        var numbers = Enumerable.Range(0, text.Length).Where(i => char.IsAsciiDigit((char)text[i])).ToArray();
        if (numbers.Length == 0)
            return text;
        var at = numbers[random.Next(numbers.Length)];
        return [.. text[..at], .. Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]), .. text[(at + 1)..]];
    }
}
