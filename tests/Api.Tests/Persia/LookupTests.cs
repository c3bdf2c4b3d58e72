using System.Net;
using System.Text;

namespace Granary.Api.Tests.Persia;

public sealed class LookupTests : IAsyncLifetime
{
    private const string Request = "02000000070000000000000002000000000000000900000000000000020000000000000000";
    private const string Answer = "01040000000000003f000000bf0000803f00000040";
    private readonly FakeTables _tables = FakeTables.OfTheVectors();
    private PersiaServer _server = null!;

    public async Task InitializeAsync() => _server = await PersiaServer.StartAsync(_tables, "--Granary:Embeddings:ReplicaIndex=3", "--max-body-bytes=1000000");

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task LookupMixed_TheVector_AnswersTheVector()
    {
        Assert.Equal((HttpStatusCode.OK, Answer), await CallAsync("lookup_mixed", Request));
        Assert.Equal(1, _tables.Lookups);
    }

    [Fact]
    public async Task LookupMixed_SignsThatAreNotThere_AreZeros()
    {
        // Not there; another dimension; there.
        const string Three = "03000000" + "0800000000000000" + "0100000000000000" + "0700000000000000" + "0300000000000000" + "0900000000000000" + "0200000000000000" + "01";
        Assert.Equal((HttpStatusCode.OK, "0106000000" + "00000000" + "000000000000000000000000" + "0000803f00000040"), await CallAsync("lookup_mixed", Three));
    }

    [Fact]
    public async Task LookupMixed_NoSigns_AnswersNoNumbers() => Assert.Equal((HttpStatusCode.OK, "0100000000"), await CallAsync("lookup_mixed", "0000000000"));

    [Fact]
    public async Task LookupInference_TheSamePairs_AnswersABlock()
    {
        Assert.Equal((HttpStatusCode.OK, "01" + "14000000" + Answer[2..]), await CallAsync("lookup_inference", "24000000" + Request[..^2]));
        Assert.Equal((HttpStatusCode.OK, "01" + "04000000" + "00000000"), await CallAsync("lookup_inference", "04000000" + "00000000"));
    }

    [Theory]
    [InlineData("lookup_mixed", Request)]
    [InlineData("lookup_inference", "24000000" + "020000000700000000000000020000000000000009000000000000000200000000000000")]
    public async Task Lookup_EveryTruncationAndMore_Is500(string function, string whole)
    {
        for (var length = 0; length < whole.Length; length += 2)
            await FailsAsync(function, whole[..length], "the request is no list of signs and dimensions: byte ");
        await FailsAsync(function, whole + "00", "the request is no list of signs and dimensions: byte ");
        Assert.Equal(0, _tables.Lookups);
    }

    [Theory]
    [InlineData("ffffffff" + "00", "4294967295 items")]
    [InlineData("01000000" + "0700000000000000" + "0000000000000000" + "00", "dimension 0;")]
    [InlineData("01000000" + "0700000000000000" + "0100010000000000" + "00", "dimension 65537;")]
    [InlineData("01000000" + "0700000000000000" + "0200000000000080" + "00", "dimension 9223372036854775810;")]
    [InlineData("00000000" + "02", "a flag is 2")]
    public async Task LookupMixed_HostileNumbers_Are500(string body, string message) => await FailsAsync("lookup_mixed", body, message);

    [Fact]
    public async Task LookupMixed_AnAnswerBeyondTheLimit_Is500()
    {
        // 1,025 rows of 65,536 elements: 256 MiB and one row.
        var pair = "0700000000000000" + "0000010000000000";
        var body = new StringBuilder("01040000").Insert(8, pair, 1025).Append("00").ToString();
        await FailsAsync("lookup_mixed", body, "the answer would have 268697600 bytes; at most 268435456 are allowed");
        Assert.Equal(0, _tables.Lookups);
    }

    [Fact]
    public async Task LookupMixed_ABodyBeyondTheLimit_Is500()
    {
        var (status, body) = await _server.CallAsync("lookup_mixed", new byte[1_000_001]);
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("1000001", Encoding.UTF8.GetString(body));
    }

    [Fact]
    public async Task State_Ready_AsPersiaEncodesIt()
    {
        Assert.Equal((HttpStatusCode.OK, "01"), await CallAsync("ready_for_serving", ""));
        Assert.Equal((HttpStatusCode.OK, "02000000"), await CallAsync("model_manager_status", ""));
        Assert.Equal((HttpStatusCode.OK, "0300000000000000"), await CallAsync("replica_index", ""));
    }

    [Fact]
    public async Task State_Loading_SaysSoAndRefusesLookups()
    {
        _tables.Reason = "the checkpoint is being loaded";
        Assert.Equal((HttpStatusCode.OK, "00"), await CallAsync("ready_for_serving", ""));
        Assert.Equal((HttpStatusCode.OK, "0100000000000000"), await CallAsync("model_manager_status", ""));
        await FailsAsync("lookup_mixed", Request, "the checkpoint is being loaded");
        await FailsAsync("forward_batched_direct", "00", "the checkpoint is being loaded");
        _tables.Reason = null;
        Assert.Equal((HttpStatusCode.OK, Answer), await CallAsync("lookup_mixed", Request));
    }

    [Theory]
    [InlineData("shutdown_web_api")]
    [InlineData("lookup_mixed_web_api_compressed")]
    [InlineData("forward_batched_direct_web_api_compressed")]
    public async Task Call_OfNoFunctionHere_IsAnEmpty404(string path)
    {
        using var response = await _server.Client.PostAsync($"/{path}", new ByteArrayContent([]));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_WithoutEmbeddings_Is404(bool hasTables)
    {
        await using var server = await PersiaServer.StartAsync(hasTables ? new FakeTables { IsConfigured = false } : null);
        Assert.Equal(HttpStatusCode.NotFound, (await server.CallAsync("ready_for_serving")).Status);
    }

    [Theory]
    [InlineData("ready_for_serving")]
    [InlineData("lookup_mixed")]
    [InlineData("lookup_inference")]
    [InlineData("forward_batched_direct")]
    [InlineData("replica_index")]
    [InlineData("model_manager_status")]
    public async Task Call_WithoutTheToken_Is401(string function)
    {
        await using var server = await PersiaServer.StartAsync(_tables, "--bearer=secret-of-the-test");
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.CallAsync(function)).Status);
        server.Client.DefaultRequestHeaders.Authorization = new("Bearer", "secret-of-the-test");
        Assert.NotEqual(HttpStatusCode.Unauthorized, (await server.CallAsync(function)).Status);
    }

    [Fact]
    public async Task OpenApi_WithEmbeddings_DescribesTheCalls()
    {
        using var document = System.Text.Json.JsonDocument.Parse(await _server.Client.GetStringAsync("/openapi/v1.json"));
        var calls = document.RootElement.GetProperty("paths").EnumerateObject().Where(static path => path.Name.EndsWith("_web_api", StringComparison.Ordinal)).ToList();
        Assert.Equal(6, calls.Count);
        Assert.All(calls, static call => Assert.Equal("Persia", call.Value.GetProperty("post").GetProperty("tags")[0].GetString()));
    }

    private async Task<(HttpStatusCode Status, string Hex)> CallAsync(string function, string hex)
    {
        var (status, body) = await _server.CallAsync(function, Convert.FromHexString(hex));
        return (status, Convert.ToHexStringLower(body));
    }

    private async Task FailsAsync(string function, string hex, string message)
    {
        var (status, body) = await _server.CallAsync(function, Convert.FromHexString(hex));
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains(message, Encoding.UTF8.GetString(body));
    }
}
