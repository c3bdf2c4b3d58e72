using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace Granary.Api.Tests.OpenInference.Http;

public sealed class InferBinaryTests(V2Bed bed) : IClassFixture<V2Bed>
{
    private const string HeaderLength = "Inference-Header-Content-Length";
    private static readonly int[] Numbers = [.. Enumerable.Range(1, 16)];

    private static byte[] Body(string json, params byte[][] parts) => [.. Encoding.UTF8.GetBytes(json), .. parts.SelectMany(part => part)];

    private static byte[] Bytes(params int[] numbers) => MemoryMarshal.AsBytes<int>(numbers).ToArray();

    private static string SimpleJson(string extra = "") =>
        $$$"""{"inputs":[{"name":"INPUT0","shape":[1,16],"datatype":"INT32","parameters":{"binary_data_size":64}},{"name":"INPUT1","datatype":"INT32","shape":[1,16],"parameters":{"binary_data_size":64}}]{{{extra}}}}""";

    private static async Task<(string Json, byte[] Binary)> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsByteArrayAsync();
        var length = int.Parse(Assert.Single(response.Headers.GetValues(HeaderLength)));
        return (Encoding.UTF8.GetString(body, 0, length), body[length..]);
    }

    [Fact]
    public async Task Infer_BinaryInAndOut_CarriesTheBytes()
    {
        var json = SimpleJson(""","parameters":{"binary_data_output":true}""");
        using var response = await bed.SendAsync("simple", Body(json, Bytes(Numbers), Bytes(Numbers)), (HeaderLength, $"{json.Length}"));

        var (answer, binary) = await ReadAsync(response);
        Assert.Equal("""{"model_name":"simple","model_version":"1","outputs":[{"name":"OUTPUT0","datatype":"INT32","shape":[1,16],"parameters":{"binary_data_size":64}},{"name":"OUTPUT1","datatype":"INT32","shape":[1,16],"parameters":{"binary_data_size":64}}]}""", answer);
        Assert.Equal(Bytes([.. Numbers.Select(number => 2 * number), .. new int[16]]), binary);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Infer_OneOutputBinary_MixesBothForms()
    {
        var json = SimpleJson(""","outputs":[{"name":"OUTPUT1"},{"name":"OUTPUT0","parameters":{"binary_data":true}}]""");
        using var response = await bed.SendAsync("simple", Body(json, Bytes(Numbers), Bytes(Numbers)), (HeaderLength, $"{json.Length}"));

        var (answer, binary) = await ReadAsync(response);
        Assert.Equal("""{"model_name":"simple","model_version":"1","outputs":[{"name":"OUTPUT1","datatype":"INT32","shape":[1,16],"data":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]},{"name":"OUTPUT0","datatype":"INT32","shape":[1,16],"parameters":{"binary_data_size":64}}]}""", answer);
        Assert.Equal(Bytes([.. Numbers.Select(number => 2 * number)]), binary);
    }

    [Fact]
    public async Task Infer_BinaryInJsonOut_IsJson()
    {
        var json = SimpleJson(""","outputs":[{"name":"OUTPUT1"}],"parameters":{"binary_data_output":true}""");
        using var response = await bed.SendAsync("simple", Body(json, Bytes(Numbers), Bytes(Numbers)), (HeaderLength, $"{json.Length}"));

        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        Assert.False(response.Headers.Contains(HeaderLength));
        Assert.StartsWith("""{"model_name":"simple","model_version":"1","outputs":[{"name":"OUTPUT1","datatype":"INT32","shape":[1,16],"data":[0,""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Infer_BytesBothWays_HaveLengthsInFront()
    {
        byte[] words = [3, 0, 0, 0, .. "hé"u8, 0, 0, 0, 0];
        var json = $$$"""{"inputs":[{"name":"x","shape":[1],"datatype":"FP16","parameters":{"binary_data_size":2}},{"name":"words","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":{{{words.Length}}}}}],"outputs":[{"name":"OUTPUT__1","parameters":{"binary_data":true}}]}""";
        using var response = await bed.SendAsync("mixed", Body(json, [0, 0x3c], words), (HeaderLength, $"{json.Length}"));

        var (answer, binary) = await ReadAsync(response);
        Assert.Equal("""{"model_name":"mixed","model_version":"1","outputs":[{"name":"OUTPUT__1","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":13}}]}""", answer);
        Assert.Equal([4, 0, 0, 0, .. "hé!"u8, 1, 0, 0, 0, .. "!"u8], binary);
    }

    [Theory]
    [InlineData(64, 60, "unexpected size for input 'INPUT1', expecting 64 additional bytes, 60 are there")]
    [InlineData(64, 68, "unexpected additional input data: 4 bytes are left behind the last input")]
    public async Task Infer_OtherNumberOfBytes_IsRefused(int first, int second, string message)
    {
        var json = SimpleJson();
        using var response = await bed.SendAsync("simple", Body(json, new byte[first], new byte[second]), (HeaderLength, $"{json.Length}"));

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal($$"""{"error":"{{message}}"}""", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("99999999999999999999")]
    [InlineData("100000")]
    public async Task Infer_ImpossibleHeaderLength_IsRefused(string length)
    {
        using var response = await bed.SendAsync("simple", Body(SimpleJson()), (HeaderLength, length));

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains(HeaderLength, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Infer_SizeThatIsNotTheShapes_IsRefused()
    {
        var json = SimpleJson().Replace("[1,16]", "[1,8]");
        using var response = await bed.SendAsync("simple", Body(json, new byte[64], new byte[64]), (HeaderLength, $"{json.Length}"));

        Assert.Equal("""{"error":"input byte size mismatch for input 'INPUT0'. Expected 32, got 64"}""", await response.Content.ReadAsStringAsync());
        Assert.Equal(400, (int)response.StatusCode);
    }

    [Fact]
    public async Task Infer_RawBinary_FindsTheOpenSize()
    {
        float[] values = [1, 2, 3, 4, 5, 6];
        using var response = await bed.SendAsync("raw", MemoryMarshal.AsBytes<float>(values).ToArray(), (HeaderLength, "0"));

        var (answer, binary) = await ReadAsync(response);
        Assert.Equal("""{"model_name":"raw","model_version":"1","outputs":[{"name":"y","datatype":"FP32","shape":[2,3],"parameters":{"binary_data_size":24}}]}""", answer);
        Assert.Equal(MemoryMarshal.AsBytes<float>(values).ToArray(), binary);
    }

    [Theory]
    [InlineData("raw", 23, "no multiple of 8")]
    [InlineData("simple", 64, "Raw request must only have 1 input")]
    public async Task Infer_RawBinaryThatFitsNothing_IsRefused(string model, int bytes, string message)
    {
        using var response = await bed.SendAsync(model, new byte[bytes], (HeaderLength, "0"));

        Assert.Contains(message, await response.Content.ReadAsStringAsync());
        Assert.Equal(400, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Infer_Compressed_BothWays(string coding)
    {
        var json = SimpleJson(""","parameters":{"binary_data_output":true}""");
        var body = Body(json, Bytes(Numbers), Bytes(Numbers));
        using var response = await bed.SendAsync("simple", Compress(coding, body), (HeaderLength, $"{json.Length}"), ("Content-Encoding", coding), ("Accept-Encoding", coding));

        Assert.Equal(coding, Assert.Single(response.Content.Headers.ContentEncoding));
        var answer = Decompress(coding, await response.Content.ReadAsByteArrayAsync());
        var length = int.Parse(Assert.Single(response.Headers.GetValues(HeaderLength)));
        Assert.StartsWith("""{"model_name":"simple",""", Encoding.UTF8.GetString(answer, 0, length));
        Assert.Equal(128, answer.Length - length);
    }

    [Theory]
    [InlineData("gzip;q=0.5, deflate", "deflate")]
    [InlineData("gzip, deflate", "gzip")]
    [InlineData("gzip;q=0", null)]
    [InlineData("br", null)]
    [InlineData("identity, gzip;q=0.1", "gzip")]
    public async Task Infer_AcceptEncoding_TheHighestWeightWins(string accepted, string? used)
    {
        var body = """{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}"""u8.ToArray();
        using var response = await bed.SendAsync("echo", body, ("Accept-Encoding", accepted));

        Assert.Equal(used, response.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task Infer_UnknownContentEncoding_Is501AndSaysWhatIsRead()
    {
        using var response = await bed.SendAsync("echo", [1, 2], ("Content-Encoding", "br"));

        Assert.Equal(501, (int)response.StatusCode);
        Assert.Equal("gzip, deflate", response.Headers.GetValues("Accept-Encoding").Single());
    }

    [Fact]
    public async Task Infer_BrokenGzip_IsRefused()
    {
        using var response = await bed.SendAsync("echo", Compress("gzip", new byte[1000])[..^9], ("Content-Encoding", "gzip"));

        Assert.Equal(400, (int)response.StatusCode);
    }

    private static byte[] Compress(string coding, byte[] body)
    {
        using var target = new MemoryStream();
        using (Stream stream = coding == "gzip" ? new GZipStream(target, CompressionLevel.Fastest) : new ZLibStream(target, CompressionLevel.Fastest))
            stream.Write(body);
        return target.ToArray();
    }

    private static byte[] Decompress(string coding, byte[] body)
    {
        using var source = new MemoryStream(body);
        using Stream stream = coding == "gzip" ? new GZipStream(source, CompressionMode.Decompress) : new ZLibStream(source, CompressionMode.Decompress);
        using var target = new MemoryStream();
        stream.CopyTo(target);
        return target.ToArray();
    }
}
