using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Granary.Api.Tests.Support;
using Granary.Torch;

namespace Granary.Api.Tests.Infernet;

public class ServiceOutputHttpTests
{
    private const string Body = """{"source":1,"data":{"input":{"dtype":"double","shape":[2],"values":[1.5,2]}}}""";
    private const string Answer = """{"dtype":"double","shape":[2],"values":[1.5,2.0]}""";

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    [InlineData("not a type")]
    public async Task Post_AnyContentType_IsServed(string? type)
    {
        await using var server = await ApiServer.StartAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body));
        if (type is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", type);

        using var response = await server.Client.PostAsync("/service_output", content);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(Answer.Length, response.Content.Headers.ContentLength);
        Assert.False(response.Headers.Contains("Server"));
        Assert.Equal(Answer, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Post_ChunkedBody_IsServed()
    {
        await using var server = await ApiServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/service_output") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body)) };
        request.Headers.TransferEncodingChunked = true;

        using var response = await server.Client.SendAsync(request);

        Assert.Equal(Answer, await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_BodyOfManySegments_IsServed(bool chunked)
    {
        const int Count = 200_000;
        await using var server = await ApiServer.StartAsync();
        var values = string.Join(",", Enumerable.Range(0, Count).Select(i => i + ".5"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/service_output")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes($$$$"""{"source":1,"data":{"input":{"dtype":2,"shape":[{{{{Count}}}}],"values":[{{{{values}}}}]}}}""")),
        };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await server.Client.SendAsync(request);

        Assert.Equal($$"""{"dtype":2,"shape":[{{Count}}],"values":[{{values}}]}""", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Post_BodyInSmallPieces_IsServed(int size)
    {
        await using var server = await ApiServer.StartAsync();
        using var client = await ConnectAsync(server);
        var stream = client.GetStream();
        await WriteAsync(stream, $"POST /service_output HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {Body.Length}\r\n\r\n");
        foreach (var piece in Body.Chunk(size))
            await WriteAsync(stream, new string(piece));

        var text = await new StreamReader(stream).ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200 OK", text);
        Assert.EndsWith(Answer, text);
    }

    [Fact]
    public async Task Post_PipelinedRequests_AreAnsweredInOrder()
    {
        await using var server = await ApiServer.StartAsync();
        using var client = await ConnectAsync(server);
        var stream = client.GetStream();
        var bad = "{}";
        await WriteAsync(stream, Request(Body, "") + Request(bad, "") + Request(Body, "Connection: close\r\n"));

        var text = await new StreamReader(stream).ReadToEndAsync();

        var statuses = Regex.Matches(text, "HTTP/1.1 ([0-9]+)").Select(match => match.Groups[1].Value);
        Assert.Equal(["200", "400", "200"], statuses);
    }

    [Fact]
    public async Task Post_EmptyBody_IsABadRequest()
    {
        await using var server = await ApiServer.StartAsync();
        using var response = await server.Client.PostAsync("/service_output", null);

        Assert.Contains("empty", await ErrorAssert.IsErrorAsync(response, 400));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_BodyOverTheLimit_IsTooLarge(bool chunked)
    {
        await using var server = await ApiServer.StartAsync("--max-body-bytes=1000");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/service_output") { Content = new ByteArrayContent(new byte[1001]) };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await server.Client.SendAsync(request);

        Assert.Contains("--max-body-bytes", await ErrorAssert.IsErrorAsync(response, 413));
        Assert.Empty(server.Cluster.Calls);
    }

    [Fact]
    public async Task Post_BodyAtTheLimit_IsRead()
    {
        await using var server = await ApiServer.StartAsync("--max-body-bytes=1000");
        Assert.Equal((200, Answer), await server.AskAsync(Body.PadRight(1000)));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    public async Task Request_OtherMethod_IsNotAllowed(string method)
    {
        await using var server = await ApiServer.StartAsync();
        using var response = await server.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/service_output"));

        await ErrorAssert.IsErrorAsync(response, 405);
        Assert.Equal(["POST"], response.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("GET", "/nothing")]
    [InlineData("POST", "/nothing/here")]
    [InlineData("POST", "/service_output/more")]
    [InlineData("POST", "/service-output")]
    [InlineData("GET", "/file.html")]
    [InlineData("DELETE", "/%7F")]
    [InlineData("GET", "/..%2f..%2fetc/passwd")]
    public async Task Request_UnknownPath_IsNotFound(string method, string path)
    {
        await using var server = await ApiServer.StartAsync();
        using var response = await server.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        await ErrorAssert.IsErrorAsync(response, 404);
    }

    [Fact]
    public async Task Get_Index_SaysWhatThisIs()
    {
        await using var server = await ApiServer.StartAsync();
        using var response = await server.Client.GetAsync("/");

        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("""{"message":"Torch ML Inference Service"}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Head_Index_HasNoBody()
    {
        await using var server = await ApiServer.StartAsync();
        using var response = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Post_ClientGoesAway_EndsTheCall()
    {
        await using var server = await ApiServer.StartAsync();
        var started = new TaskCompletionSource();
        var ended = new TaskCompletionSource<bool>();
        server.Cluster.Model = async (_, _, cancellation) =>
        {
            await using var registration = cancellation.Register(() => ended.SetResult(true));
            started.SetResult();
            await ended.Task;
            throw new OperationCanceledException(cancellation);
        };
        using (var client = await ConnectAsync(server))
        {
            await WriteAsync(client.GetStream(), Request(Body, ""));
            await started.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }

        Assert.True(await ended.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        server.Cluster.Model = static (_, request, _) => new(FakeCluster.Copy((Tensor)request.Inputs[0].Value));
        Assert.Equal((200, Answer), await server.AskAsync(Body));
    }

    [Fact]
    public async Task Post_ClientGoesAwayWithinTheBody_CallsNothing()
    {
        await using var server = await ApiServer.StartAsync();
        using (var client = await ConnectAsync(server))
            await WriteAsync(client.GetStream(), $"POST /service_output HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{Body[..20]}");

        Assert.Equal((200, Answer), await server.AskAsync(Body));
        Assert.Single(server.Cluster.Calls);
    }

    [Fact]
    public async Task Post_ManyAtOnce_AnswersEachItsOwn()
    {
        await using var server = await ApiServer.StartAsync();
        // Half of the calls complete later, on another thread.
        server.Cluster.Model = async (_, request, _) =>
        {
            var copy = FakeCluster.Copy((Tensor)request.Inputs[0].Value);
            if ((long)copy.As<double>()[0] % 2 == 0)
                await Task.Yield();
            return copy;
        };

        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, _) =>
        {
            var answer = await server.AskAsync($$$$"""{"source":1,"data":{"input":{"dtype":"double","shape":[2],"values":[{{{{i}}}},0.5]}}}""");
            Assert.Equal((200, $$"""{"dtype":"double","shape":[2],"values":[{{i}}.0,0.5]}"""), answer);
        });
    }

    [Fact]
    public async Task Post_Answered_GivesInputsAndResultsBack()
    {
        await using var server = await ApiServer.StartAsync();
        var inputs = new List<Value>();
        var released = 0;
        server.Cluster.Model = (_, request, _) =>
        {
            inputs.Add(request.Inputs[0].Value);
            return new(new Tensor(DType.Float64, [0], 0, new Release(() => released++)));
        };

        Assert.Equal((200, """{"dtype":"double","shape":[0],"values":[]}"""), await server.AskAsync(Body));

        Assert.Equal(1, released);
        Assert.Single(inputs);
    }

    [Theory]
    [InlineData("\"input\":{\"dtype\":\"double\",\"shape\":[1],\"values\":[1]}")]
    [InlineData("\"input\":{\"dtype\":2,\"shape\":[1],\"values\":[1]}")]
    [InlineData("\"dtype\":\"double\",\"values\":[1]")]
    public async Task Post_ModelReturnsNoTensor_SaysWhatItReturned(string data)
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Model = static (_, _, _) => new(new DictValue([]));
        using var response = await server.PostAsync("{\"source\":1,\"data\":{" + data + "}}");

        Assert.Contains("The model returned a Dict", await ErrorAssert.IsErrorAsync(response, 400));
    }

    [Theory]
    [InlineData("\"double\"", DType.Float8E5M2)]
    [InlineData("2", DType.Complex32)]
    public async Task Post_ModelReturnsAnInexpressibleDType_SaysWhich(string dtype, DType returned)
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Returns(_ => Tensor.Rent(returned, [1]));
        using var response = await server.PostAsync("{\"source\":1,\"data\":{\"input\":{\"dtype\":" + dtype + ",\"shape\":[1],\"values\":[1]}}}");

        Assert.Contains(returned.TorchName(), await ErrorAssert.IsErrorAsync(response, 400));
    }

    private static string Request(string body, string headers) =>
        $"POST /service_output HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    private static async Task<TcpClient> ConnectAsync(ApiServer server)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, server.Client.BaseAddress!.Port);
        return client;
    }

    private static async Task WriteAsync(NetworkStream stream, string text)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text));
        await stream.FlushAsync();
    }

    private sealed class Release(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
