using System.Net;
using System.Text;
using Granary.Api.Tests.Infernet.OnChain;

namespace Granary.Api.Tests.Infernet.Node;

/// <summary>The double itself, against what was observed of node 1.4.0.</summary>
public sealed class NodeDoubleTests
{
    private const string Five = """{"raw_input":"","processed_input":null,"raw_output":"DATA","processed_output":"","proof":""}""";

    [Theory]
    [InlineData(200, "application/json", """{"a":1}""", """{"a":1}""", null)]
    [InlineData(200, "application/json; charset=utf-8", """{"a":1}""", """{"a":1}""", null)]
    [InlineData(400, "application/json", """{"code":"400"}""", """{"code":"400"}""", null)]
    [InlineData(500, "application/problem+json", """{"code":"500"}""", """{"code":"500"}""", null)]
    [InlineData(200, "text/html", "<html>", null, "0, message='Attempt to decode JSON with unexpected mimetype: text/html'")]
    [InlineData(200, "text/plain", """{"a":1}""", null, "0, message='Attempt to decode JSON with unexpected mimetype: text/plain'")]
    [InlineData(204, null, "", null, "0, message='Attempt to decode JSON with unexpected mimetype: '")]
    [InlineData(200, "application/json", "{not json", null, "{not json")]
    [InlineData(200, "application/json", "", "null", null)]
    [InlineData(200, "application/json", "[1,2]", "[1,2]", null)]
    [InlineData(200, "application/json", "7", "7", null)]
    [InlineData(200, "application/json", """{"v":[NaN,-Infinity,Infinity,"NaN"]}""", """{"v":[NaN,-Infinity,Infinity,"NaN"]}""", null)]
    public async Task OffChain_ReplyOfAContainer_IsReadAsTheNodeDoes(int status, string? type, string body, string? output, string? error)
    {
        var stub = new Stub(status, type, body);

        var job = await new NodeDouble(new ContainerClient(stub)).RunOffChainAsync("{}", new NodeContainer("a"));

        Assert.Equal((error is null ? "success" : "failed", new ContainerOutput("a", output, error)), (job.Status, job.Result));
    }

    [Fact]
    public async Task OffChain_NobodyAnswers_JobFails()
    {
        var job = await new NodeDouble(new ContainerClient(new SocketsHttpHandler(), "127.0.0.1")).RunOffChainAsync("{}", new NodeContainer("a") { Port = 1 });

        Assert.Equal("failed", job.Status);
        Assert.NotEmpty(job.Result.Error!);
    }

    [Fact]
    public async Task OffChain_AnswerTakesTooLong_JobFails()
    {
        var client = new ContainerClient(new Never()) { JobTimeout = TimeSpan.FromMilliseconds(1) };

        Assert.Equal("failed", (await new NodeDouble(client).RunOffChainAsync("{}", new NodeContainer("a"))).Status);
        Assert.Equal((180, 60), (new ContainerClient(new Never()).JobTimeout.TotalSeconds, new ContainerClient(new Never()).StreamTimeout.TotalSeconds));
    }

    [Theory]
    [InlineData("", "", "http://host.docker.internal:4001/service_output", null)]
    [InlineData("http://far:8080", "secret", "http://far:8080/service_output", "Bearer secret")]
    public async Task Request_OfAContainer_GoesWhereTheConfigurationSays(string url, string bearer, string address, string? authorization)
    {
        var stub = new Stub(200, "application/json", "{}");
        var container = new NodeContainer("a") { Url = url, Bearer = bearer, Port = 4001 };
        var client = new ContainerClient(stub, "host.docker.internal");

        await new NodeDouble(client).RunOffChainAsync("""{"x":1}""", container);
        await client.ResourcesAsync(container, "huggingface/a/b:c d");

        Assert.Equal(address, stub.Seen[0].Address);
        Assert.Equal(authorization, stub.Seen[0].Authorization);
        Assert.Equal("application/json", stub.Seen[0].Type);
        Assert.Equal("""{"source": 1, "destination": 1, "data": {"x":1}, "requires_proof": false}""", stub.Seen[0].Body);
        Assert.StartsWith("http://host.docker.internal:4001/service-resources?model_id=huggingface/a/b:c", stub.Seen[1].Address);
        Assert.Null(stub.Seen[1].Authorization);
    }

    [Theory]
    [InlineData(0, 0, "0>1 1>1 1>0")]
    [InlineData(1, 0, "1>1 1>1 1>0")]
    [InlineData(1, 1, "1>1 1>1 1>1")]
    public async Task Chain_OfThree_PassesSourceDestinationAndData(int source, int destination, string expected)
    {
        var stub = new Stub(200, "application/json", Five.Replace("DATA", ""));
        var node = new NodeDouble(new ContainerClient(stub));
        NodeContainer[] chain = [new("a"), new("b"), new("c")];

        if (destination == 1)
            await node.RunOffChainAsync("{}", chain);
        else if (source == 0)
            await node.RunOnChainAsync("00", false, chain);
        else
            await node.RunDelegatedAsync("{}", false, chain);

        Assert.Equal(expected, string.Join(' ', stub.Seen.Select(one => one.Body.Replace(" ", "")).Select(body => $"{body[10]}>{body[body.IndexOf("destination\":", StringComparison.Ordinal) + 13]}")));
        Assert.Contains(Five.Replace("DATA", ""), stub.Seen[1].Body);
        if (source == 0)
            Assert.Contains("\"data\": \"00\"", stub.Seen[0].Body);
    }

    [Fact]
    public async Task Chain_ContainerFails_EndsThere()
    {
        var stub = new Stub(200, "text/html", "no");

        var job = await new NodeDouble(new ContainerClient(stub)).RunOffChainAsync("{}", new NodeContainer("a"), new NodeContainer("b"));

        Assert.Equal(("failed", "a"), (job.Status, job.Result.Container));
        Assert.Single(stub.Seen);
    }

    [Theory]
    [InlineData(200, "success", "7\nmany words", "{\"output\":\"many words\"}")]
    [InlineData(400, "failed", "7\n", null)]
    public async Task Stream_Reply_IsCopiedUnlessItIsAnError(int status, string job, string seen, string? output)
    {
        var stub = new Stub(status, "text/plain", "many words");

        var (text, result) = await new NodeDouble(new ContainerClient(stub)).StreamAsync("7", "{}", new NodeContainer("a"));

        Assert.Equal((job, seen, output), (result.Status, text, result.Result.Output));
        Assert.Equal("""{"source": 1, "destination": 2, "data": {}}""", stub.Seen[0].Body);
    }

    [Theory]
    [InlineData("""{"code":"400","description":"x"}""", false)]
    [InlineData("""{"code":200}""", false)]
    [InlineData("""{"code":"200"}""", true)]
    [InlineData("""{"code":null}""", true)]
    [InlineData("""{"anything":1}""", true)]
    public void Deliver_Code_IsComparedAsText(string output, bool delivered) => Assert.Equal(delivered, NodeDouble.Deliver(output) is not null);

    [Fact]
    public void Deliver_Example10_IsEncodedAsTheNodeDoes()
    {
        var delivery = NodeDouble.Deliver(Five.Replace("DATA", Abi.Hex(Examples.Get("E3"))))!;

        Assert.Equal(Examples.Get("E10"), delivery.Output);
        Assert.Equal(Abi.Tuple(Array.Empty<byte>(), Array.Empty<byte>()), delivery.Input);
        Assert.Empty(delivery.Proof);
    }

    [Theory]
    [InlineData("""{"data":[[1.5,-2]],"x":null,"y":true,"z":NaN,"t":"it's"}""", "{'data': [[1.5, -2]], 'x': None, 'y': True, 'z': nan, 't': \"it's\"}")]
    [InlineData("""{"raw_input":"","processed_input":"","raw_output":"aa","processed_output":""}""", "{'raw_input': '', 'processed_input': '', 'raw_output': 'aa', 'processed_output': ''}")]
    public void Deliver_AKeyIsMissing_TheDictionaryGoesAsText(string output, string text)
    {
        var delivery = NodeDouble.Deliver(output)!;

        Assert.Equal(Abi.Tuple(text), delivery.Output);
        Assert.Empty(delivery.Input);
        Assert.Empty(delivery.Proof);
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("""{"raw_input":"0xaa","processed_input":"","raw_output":"","processed_output":"","proof":""}""")]
    public void Deliver_WhatTheNodeCannotTake_Throws(string output) => Assert.ThrowsAny<Exception>(() => NodeDouble.Deliver(output));

    private sealed record Request(string Address, string? Authorization, string? Type, string Body);

    private sealed class Stub(int status, string? type, string body) : HttpMessageHandler
    {
        public List<Request> Seen { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Seen.Add(new Request(
                request.RequestUri!.OriginalString,
                request.Headers.Authorization?.ToString(),
                request.Content?.Headers.ContentType?.ToString(),
                request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken)));
            var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
            if (type is not null)
                response.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            return response;
        }
    }

    private sealed class Never : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException("unreachable");
        }
    }
}
