using System.Net;
using System.Text;
using Granary.Api.OpenInference.Http;
using Granary.Api.Tests.Support;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Json;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Tests.OpenInference.V1;

public sealed class PredictTests
{
    private static readonly ModelDefinition Plain = FakeCatalog.Definition("plain", "3");

    [Theory]
    [InlineData("""{"instances":[[1,2],[3,4.5]]}""", "Float32", "2,2", "1 2 3 4.5")]
    [InlineData("""{"instances":[1]}""", "Float32", "1", "1")]
    [InlineData("""{"signature_name":"x","instances":[[[1]],[[2]]],"other":{"a":[1]}}""", "Float32", "2,1,1", "1 2")]
    [InlineData("""{"inputs":[[7]]}""", "Float32", "1,1", "7")]
    [InlineData("""{"instances":[[1]],"instances":[[2]]}""", "Float32", "1,1", "2")]
    [InlineData(""" { "instances" : [ [ NaN , -Infinity ] ] } """, "Float32", "1,2", "NaN -Infinity")]
    public async Task Predict_Numbers_AreOneTensor(string body, string dtype, string shape, string values)
    {
        await using var server = await StartAsync(Plain);
        Tensor? seen = null;
        server.Cluster.Returns(tensor =>
        {
            seen = FakeCluster.Copy(tensor);
            return FakeCluster.Copy(tensor);
        });

        var (status, text) = await AskAsync(server, "plain:predict", body);

        Assert.True(status == 200, text);
        Assert.Equal((dtype, shape), (seen!.DType.ToString(), string.Join(',', seen.Shape.ToArray())));
        Assert.Equal(values, string.Join(' ', seen.As<float>().ToArray()));
        Assert.Equal(new ModelKey("plain", "3"), server.Cluster.Calls.Single());
    }

    [Fact]
    public async Task Predict_DTypeOfTheDefinition_Decides()
    {
        await using var server = await StartAsync(Plain with { Inputs = [new TensorSpec("x", DType.Float64, [-1, 2])] });
        Assert.Equal((200, """{"predictions":[[0.1,2.0]]}"""), await AskAsync(server, "plain:predict", """{"instances":[[0.1,2]]}"""));
    }

    [Fact]
    public async Task Predict_NamedTensors_AreStackedColumns()
    {
        await using var server = await StartAsync(Plain with { Inputs = [new TensorSpec("a", DType.Float32, [-1, 2]), new TensorSpec("n", DType.Int64, [-1])] });
        server.Cluster.Load = static (key, _) => new(new ModelStatus
        {
            Key = key,
            State = ModelState.Ready,
            Methods = [new MethodSchema("forward", [new("a", "Tensor", false, null), new("n", "Tensor", false, null), new("t", "List[str]", true, null)], "Tensor")],
        });
        server.Cluster.Model = static (_, request, _) => new(new ListValue([.. request.Inputs.Select(static input => new TupleValue([new StringValue(input.Name!), input.Value.Share()]))]));

        var answer = await AskAsync(server, "plain/versions/3:predict", """{"instances":[{"a":[1,2],"n":7,"t":"x"},{"t":"y","n":8,"a":[3,4]}]}""");

        Assert.Equal((200, """{"predictions":[["a",[[1.0,2.0],[3.0,4.0]]],["n",[7,8]],["t",["x","y"]]]}"""), answer);
    }

    [Fact]
    public async Task Predict_Texts_AreAListOfStrings()
    {
        await using var server = await StartAsync(Plain);
        server.Cluster.Model = static (_, request, _) => new(request.Inputs[0].Value.Share());
        Assert.Equal((200, """{"predictions":["a","é\n"]}"""), await AskAsync(server, "plain:predict", """{"instances":["a","\u00e9\n"]}"""));
    }

    [Fact]
    public async Task Predict_ObjectsForAHandler_GoAsTheyAre()
    {
        await using var server = await StartAsync(Plain with { Handlers = [new HandlerSpec("image")] });
        server.Cluster.Model = static (_, request, _) => new(request.Inputs[0].Value.Share());

        var answer = await AskAsync(server, "plain:predict",
            """{"instances":[{"image":{"b64":"aW1hZ2UgYnl0ZXM="},"caption":"seaside"},{"image_bytes":{"b64":"AAE\/"},"tags":[1,"x",null,true,[2,3]]}]}""");

        Assert.Equal((200, """{"predictions":[{"image":[105,109,97,103,101,32,98,121,116,101,115],"caption":"seaside"},{"image_bytes":[0,1,63],"tags":[1.0,"x",null,true,[2.0,3.0]]}]}"""), answer);
    }

    [Fact]
    public async Task Predict_SeveralOutputs_AreAnObjectForEachInstance()
    {
        await using var server = await StartAsync(Plain with { Outputs = [new TensorSpec("scores", DType.Float32, [-1, 2]), new TensorSpec("kind", DType.Int64, [-1])] });
        server.Cluster.Returns(static _ => new TupleValue([Tensor.From<float>(DType.Float32, [2, 2], [1, 2, 3, 4]), Tensor.From<long>(DType.Int64, [2], [0, 1])]));
        Assert.Equal((200, """{"predictions":[{"scores":[1.0,2.0],"kind":0},{"scores":[3.0,4.0],"kind":1}]}"""), await AskAsync(server, "plain:predict", """{"instances":[1,2]}"""));

        server.Cluster.Returns(static _ => new DictValue([new(new StringValue("a"), Tensor.From<float>(DType.Float32, [1], [1])), new(new StringValue("b"), new IntValue(2))]));
        Assert.Equal((200, """{"predictions":{"a":[1.0],"b":2}}"""), await AskAsync(server, "plain:predict", """{"instances":[1,2]}"""));

        server.Cluster.Returns(static _ => new DoubleValue(0.5));
        Assert.Equal((200, """{"predictions":[0.5]}"""), await AskAsync(server, "plain:predict", """{"instances":[1]}"""));
    }

    [Fact]
    public async Task Predict_V2Reply_IsTheSeedsReply()
    {
        const string Seed = """{"model_name": "cifar", "model_version": "1", "outputs": [{"name": "OUTPUT__0", "datatype": "FP32", "shape": [1, 10], "data": [-0.7299326062202454, -2.186835289001465, -0.029627874493598938, 2.3753483295440674, -0.3476247489452362, 1.3253062963485718, 0.5721136927604675, 0.049311548471450806, -0.3691796362400055, -1.0804035663604736]}]}""";
        float[] scores = [-0.7299326062202454f, -2.186835289001465f, -0.029627874493598938f, 2.3753483295440674f, -0.3476247489452362f, 1.3253062963485718f, 0.5721136927604675f, 0.049311548471450806f, -0.3691796362400055f, -1.0804035663604736f];
        await using var server = await StartAsync(FakeCatalog.Definition("cifar", "1") with { Handlers = [new HandlerSpec("image"), new HandlerSpec("v2-reply")] });
        server.Cluster.Model = (_, _, _) => new(Tensor.From<float>(DType.Float32, [1, 10], scores));

        var (status, text) = await AskAsync(server, "cifar:predict", """{"instances":[{"image":{"b64":"aW1hZ2UgYnl0ZXM="}}]}""");

        Assert.Equal((200, Seed), (status, text));
        Assert.Equal(338, Encoding.UTF8.GetByteCount(text));
    }

    [Theory]
    [InlineData("""{"inputs":{"a":[[1,2],[3,4]],"n":[7,8],"t":["x","y"]}}""", """{"outputs":[["a",[[1.0,2.0],[3.0,4.0]]],["n",[7,8]],["t",["x","y"]]]}""")]
    [InlineData("""{"inputs":{"n":7,"t":"x"}}""", """{"outputs":[["n",7],["t","x"]]}""")]
    public async Task Predict_Columns_AreWholeInputs(string body, string expected)
    {
        await using var server = await StartAsync(Plain with { Inputs = [new TensorSpec("a", DType.Float32, [-1, 2]), new TensorSpec("n", DType.Int64, [-1])] });
        server.Cluster.Load = static (key, _) => new(new ModelStatus
        {
            Key = key,
            State = ModelState.Ready,
            Methods = [new MethodSchema("forward", [new("a", "Tensor", false, null), new("n", "Tensor", false, null), new("t", "List[str]", true, null)], "Tensor")],
        });
        server.Cluster.Model = static (_, request, _) => new(new ListValue([.. request.Inputs.Select(static input => new TupleValue([new StringValue(input.Name!), input.Value.Share()]))]));

        Assert.Equal((200, expected), await AskAsync(server, "plain:predict", body));
    }

    [Fact]
    public async Task Predict_Columns_AreAnsweredWithOutputs()
    {
        const string body = """{"inputs":{"x":[1,2]}}""";
        await using var server = await StartAsync(Plain with { Outputs = [new TensorSpec("scores", DType.Float32, [-1, 2]), new TensorSpec("kind", DType.Int64, [-1])] });
        server.Cluster.Returns(static _ => new TupleValue([Tensor.From<float>(DType.Float32, [2, 2], [1, 2, 3, 4]), Tensor.From<long>(DType.Int64, [2], [0, 1])]));
        Assert.Equal((200, """{"outputs":{"scores":[[1.0,2.0],[3.0,4.0]],"kind":[0,1]}}"""), await AskAsync(server, "plain:predict", body));

        server.Cluster.Returns(static _ => Tensor.From<float>(DType.Float32, [2], [1, 2]));
        Assert.Equal((200, """{"outputs":[1.0,2.0]}"""), await AskAsync(server, "plain:predict", body));

        server.Cluster.Returns(static _ => new DictValue([new(new StringValue("a"), Tensor.From<float>(DType.Float32, [1], [1]))]));
        Assert.Equal((200, """{"outputs":[1.0]}"""), await AskAsync(server, "plain:predict", body));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Predict_CompressedBody_IsReadAndAnsweredAlike(string coding)
    {
        await using var server = await StartAsync(Plain);
        using var body = new PooledBufferWriter();
        ContentCodings.Compress(body, coding == "gzip" ? ContentCoding.Gzip : ContentCoding.Deflate, """{"instances":[[1,2]]}"""u8);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/models/plain:predict") { Content = new ByteArrayContent(body.WrittenSpan.ToArray()) };
        request.Content.Headers.ContentEncoding.Add(coding);
        request.Headers.Add("Accept-Encoding", coding);
        using var response = await server.Client.SendAsync(request);

        Assert.Equal([coding], response.Content.Headers.ContentEncoding);
        using var answer = new PooledBufferWriter();
        ContentCodings.Decompress(answer, coding == "gzip" ? ContentCoding.Gzip : ContentCoding.Deflate, await response.Content.ReadAsByteArrayAsync(), 1000);
        Assert.Equal("""{"predictions":[[1.0,2.0]]}""", Encoding.UTF8.GetString(answer.WrittenSpan));
    }

    [Theory]
    [InlineData("br", 501, "Unsupported Content-Encoding 'br'; this server reads gzip, deflate")]
    [InlineData("gzip", 400, "the body is not what its Content-Encoding 'gzip' says, or it is cut off")]
    public async Task Predict_CodingThatIsNotReadable_SaysSo(string coding, int status, string message)
    {
        await using var server = await StartAsync(Plain);
        using var content = new StringContent("""{"instances":[1]}""");
        content.Headers.ContentEncoding.Add(coding);
        using var response = await server.Client.PostAsync("/v1/models/plain:predict", content);

        Assert.Equal((status, message), ((int)response.StatusCode, await ErrorAsync(response)));
    }

    [Fact]
    public async Task Predict_ColumnsForHandlers_AreRefused()
    {
        await using var server = await StartAsync(Plain with { Handlers = [new HandlerSpec("image")] });
        Assert.Equal(
            (400, """{"error":"\"inputs\" is an object, but model 'plain' has handlers, which take a list of \"instances\" (docs/handlers.md)"}"""),
            await AskAsync(server, "plain:predict", """{"inputs":{"a":1}}"""));
    }

    [Theory]
    [InlineData("""{"inputs":{}}""", "\"inputs\" is empty")]
    [InlineData("""{"inputs":{"a":1,"a":2}}""", "\"inputs\" has two 'a'")]
    [InlineData("""{"inputs":{"a":{"b64":""}}}""", "'a' is an object; expected numbers, texts, or lists of them")]
    [InlineData("""{"inputs":{"a":["x",1]}}""", "'a' begins with a text, but its entry 2 is none")]
    [InlineData("""{"inputs":3}""", "\"instances\" is no list")]
    [InlineData("", "malformed JSON at byte 0: expected a value, found the end of the text")]
    [InlineData("[]", "invalid value at byte 0: expected an object, found a list")]
    [InlineData("{}", "the request has no \"instances\"; expected {\"instances\": […]}")]
    [InlineData("""{"instances":{}}""", "\"instances\" is no list")]
    [InlineData("""{"instances":[]}""", "\"instances\" is empty")]
    [InlineData("""{"instances":[null]}""", "\"instances\" holds null")]
    [InlineData("""{"instances":[[1]]}x""", "malformed JSON at byte 19: expected the end of the text, found 'x'")]
    [InlineData("""{"instances":[{"a":1},{"b":1}]}""", "instance 1 has no 'b'; every instance must have the same inputs")]
    [InlineData("""{"instances":[{"a":1},{}]}""", "instance 2 has no 'a'; every instance must have the same inputs")]
    [InlineData("""{"instances":[{"a":1,"a":2}]}""", "instance 1 has two 'a'; every instance must have the same inputs")]
    [InlineData("""{"instances":[{"a":1},3]}""", "instance 2 is no object although the first is one")]
    [InlineData("""{"instances":[{"a":[1]},{"a":[1,2]}]}""", "'a' of instance 2 has shape [2] but the first has shape [1]; all must be equal")]
    [InlineData("""{"instances":[{"a":"x"},{"a":[1]}]}""", "'a' of instance 2 has shape [1] but the first has a text; all must be equal")]
    [InlineData("""{"instances":[{"a":{"b64":""}}]}""", "'a' is an object; model 'plain' has no handler that takes one (docs/handlers.md)")]
    public async Task Predict_WhatDoesNotFit_Is400(string body, string message)
    {
        await using var server = await StartAsync(Plain);
        using var response = await server.Client.PostAsync("/v1/models/plain:predict", new ByteArrayContent(Encoding.UTF8.GetBytes(body)));
        Assert.Equal((HttpStatusCode.BadRequest, message), (response.StatusCode, await ErrorAsync(response)));
        Assert.Empty(server.Cluster.Calls);
    }

    [Fact]
    public async Task Predict_Base64ThatIsNone_Is400()
    {
        await using var server = await StartAsync(Plain with { Handlers = [new HandlerSpec("image")] });
        using var response = await server.Client.PostAsync("/v1/models/plain:predict", new StringContent("""{"instances":[{"image":{"b64":"?"}}]}"""));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid value at byte 30: the text of \"b64\" is not base64"), (response.StatusCode, await ErrorAsync(response)));
    }

    [Theory]
    [InlineData(ServingError.InvalidArgument, 400)]
    [InlineData(ServingError.NotFound, 404)]
    [InlineData(ServingError.Unavailable, 503)]
    [InlineData(ServingError.Overloaded, 503)]
    [InlineData(ServingError.Unsupported, 501)]
    [InlineData(ServingError.ModelFailed, 500)]
    [InlineData(ServingError.TooLarge, 413)]
    public async Task Predict_Failures_HaveKServesCodes(ServingError error, int status)
    {
        await using var server = await StartAsync(Plain);
        server.Cluster.Model = (_, _, _) => throw new ServingException(error, "why");
        Assert.Equal((status, """{"error":"why"}"""), await AskAsync(server, "plain:predict", """{"instances":[1]}"""));
    }

    [Theory]
    [InlineData("POST", "/v1/models/none:predict", 404, "Request for unknown model: 'none' is not found")]
    [InlineData("POST", "/v1/models/plain/versions/9:predict", 404, "Request for unknown model: 'plain' version 9 is not found")]
    [InlineData("GET", "/v1/models/none", 404, "Request for unknown model: 'none' is not found")]
    [InlineData("POST", "/v1/models/plain:explain", 501, "This server has no explainers; send :predict")]
    [InlineData("POST", "/v1/models/plain:dance", 404, "Not Found")]
    [InlineData("DELETE", "/v1/models/plain", 405, "Method Not Allowed")]
    [InlineData("GET", "/v1/models/plain/versions", 404, "Not Found")]
    public async Task Paths_ThatDoNotServe_SayWhy(string method, string path, int status, string message)
    {
        await using var server = await StartAsync(Plain);
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "POST" ? new StringContent("""{"instances":[1]}""") : null };
        using var response = await server.Client.SendAsync(request);
        Assert.Equal((status, message), ((int)response.StatusCode, await ErrorAsync(response)));
    }

    [Fact]
    public async Task Models_ListAndReady_AsKServe()
    {
        await using var server = await StartAsync(Plain, FakeCatalog.Definition("other", "1"));
        Assert.Equal("""{"models":["other","plain"]}""", await server.Client.GetStringAsync("/v1/models"));
        Assert.Equal("""{"name":"plain","ready":true}""", await server.Client.GetStringAsync("/v1/models/plain"));
    }

    [Fact]
    public async Task Predict_CurlsDefaults_AreAnswered()
    {
        await using var server = await StartAsync(Plain);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/models/plain:predict") { Content = new StringContent("""{"instances":[[1]]}""", Encoding.UTF8, "application/x-www-form-urlencoded") };
        request.Headers.ExpectContinue = true;
        using var response = await server.Client.SendAsync(request);
        Assert.Equal("""{"predictions":[[1.0]]}""", await response.Content.ReadAsStringAsync());
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    public async Task Predict_WithoutTheBearer_Is401()
    {
        await using var server = await ApiServer.StartAsync(new FakeCatalog().Add("plain", "3"), [], "--bearer=secret");
        using var response = await server.Client.PostAsync("/v1/models/plain:predict", new StringContent("""{"instances":[1]}"""));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Empty(server.Cluster.Calls);
    }

    private static async Task<ApiServer> StartAsync(params ModelDefinition[] definitions)
    {
        var catalog = new FakeCatalog();
        foreach (var definition in definitions)
            await catalog.RegisterAsync(definition);
        var server = await ApiServer.StartAsync(catalog, []);
        server.Cluster.Load = static (key, _) => new(new ModelStatus
        {
            Key = key,
            State = ModelState.Ready,
            Methods = [new MethodSchema("forward", [new ArgumentSchema("x", "Tensor", false, null)], "Tensor")],
        });
        return server;
    }

    private static async Task<(int Status, string Body)> AskAsync(ApiServer server, string call, string body)
    {
        using var response = await server.Client.PostAsync("/v1/models/" + call, new ByteArrayContent(Encoding.UTF8.GetBytes(body)));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<string?> ErrorAsync(HttpResponseMessage response)
    {
        using var document = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.EnumerateObject().Single(static property => property.Name == "error").Value.GetString();
    }
}
