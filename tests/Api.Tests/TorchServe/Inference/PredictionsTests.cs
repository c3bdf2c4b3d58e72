using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Granary.Api.Tests.TorchServe.Inference;

/// <summary>Inference over the whole service: an archive with TorchServe's base handler, and a module without any.</summary>
public sealed class PredictionsTests(TorchServeBed bed) : IClassFixture<TorchServeBed>
{
    private const string ThreeFive = "[\n  3.0,\n  5.5\n]";

    [Theory]
    [InlineData("POST", "/predictions/twice")]
    [InlineData("PUT", "/predictions/twice")]
    [InlineData("GET", "/predictions/twice")]
    [InlineData("POST", "/predictions/twice/1.0")]
    [InlineData("POST", "/predictions/twice/1.0/anything/more")]
    [InlineData("POST", "/models/twice/invoke")]
    [InlineData("POST", "/invocations?model_name=twice")]
    [InlineData("POST", "/invocations")]
    [InlineData("POST", "/twice/predict")]
    [InlineData("POST", "/twice/1.0/predict")]
    public async Task Predict_EveryPathAndMethod_AnswersTheRow(string method, string path) =>
        Assert.Equal((200, ThreeFive), await bed.SendAsync(new HttpMethod(method), path, new StringContent("[1.0, 2.25]"), "application/json"));

    [Fact]
    public async Task Predict_InstancesOfV1_AreRequestsOfTheHandler()
    {
        const string Path = "/v1/models/twice:predict";
        Assert.Equal((200, """{"predictions":[[3.0,5.5],[7.0,9.0]]}"""), await bed.PredictAsync(Path, """{"instances":[{"data":[1.0,2.25]},{"body":[3,4]}]}"""));
        Assert.Equal((200, """{"predictions":[[3.0,5.5]]}"""), await bed.PredictAsync(Path, """{"instances":["[1.0, 2.25]"]}"""));
        Assert.Equal((200, """{"predictions":[[3.0,5.5],[7.0,9.0]]}"""), await bed.PredictAsync(Path, """{"instances":[[1.0,2.25],[3,4]]}"""));

        // More than may wait for the model.
        var (status, text) = await bed.PredictAsync(Path, $$"""{"instances":[{{string.Join(',', Enumerable.Repeat("""{"data":[1.0]}""", 300))}}]}""");
        Assert.True(status == 200, text);
        Assert.Equal(300, text.Split("[3.0]").Length - 1);

        (status, text) = await bed.PredictAsync(Path, """{"instances":[{"data":[1.0]},{"data":"x"}]}""");
        Assert.True(status == 400, text);
    }

    [Fact]
    public async Task Predict_Connect_Is405()
    {
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(bed.Client.BaseAddress!.Host, bed.Client.BaseAddress.Port);
        await using var stream = tcp.GetStream();
        await stream.WriteAsync("CONNECT /predictions/twice HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n[1.0]"u8.ToArray());
        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 405 Method Not Allowed", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    [InlineData("application/octet-stream")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task Predict_JsonUnderAnyContentType_IsRead(string? type) =>
        Assert.Equal((200, ThreeFive), await bed.PredictAsync("/predictions/twice", " [1.0, 2.25]\n", type));

    [Fact]
    public async Task Predict_NestedLists_AreIndentedAsPythonDoes() =>
        Assert.Equal((200, "[\n  [\n    3.0,\n    NaN\n  ],\n  [\n    1.0,\n    Infinity\n  ]\n]"), await bed.PredictAsync("/predictions/twice", "[[1.0, NaN], [0.0, Infinity]]"));

    [Fact]
    public async Task Predict_Float32_IsWidenedAsToListDoes() =>
        Assert.Equal((200, "[\n  1.2000000476837158,\n  -1999999.0,\n  1.0\n]"), await bed.PredictAsync("/predictions/twice", "[0.1, -1e6, 0.0]"));

    [Theory]
    [InlineData("data")]
    [InlineData("body")]
    public async Task Predict_Multipart_TakesTheField(string field)
    {
        using var form = new MultipartFormDataContent { { new StringContent("[1.0, 2.25]"), field } };
        Assert.Equal((200, ThreeFive), await bed.SendAsync(HttpMethod.Post, "/predictions/twice", form));
    }

    [Fact]
    public async Task Predict_MultipartFile_KeepsItsContentType()
    {
        var file = new StringContent("[1.0, 2.25]");
        file.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");
        using var form = new MultipartFormDataContent { { file, "data", "request.json" } };
        Assert.Equal((200, ThreeFive), await bed.SendAsync(HttpMethod.Post, "/predictions/twice", form));
    }

    [Fact]
    public async Task Predict_UrlEncoded_TakesTheField() =>
        Assert.Equal((200, ThreeFive), await bed.PredictAsync("/predictions/twice", "data=%5B1.0%2C+2.25%5D", "application/x-www-form-urlencoded"));

    [Fact]
    public async Task Predict_NumpyFile_IsRead()
    {
        // numpy.save of float32 [1, 2.25].
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
        byte[] file = [0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. Encoding.ASCII.GetBytes(header.PadRight(117) + "\n"), .. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2.25f)];
        Assert.Equal((200, ThreeFive), await bed.SendAsync(HttpMethod.Post, "/predictions/twice", new ByteArrayContent(file), "application/octet-stream"));
    }

    [Fact]
    public async Task Predict_Answer_HasTorchServesHeaders()
    {
        using var response = await bed.Client.PostAsync("/predictions/twice", new StringContent("[1.0]"));
        using var other = await bed.Client.GetAsync("/predictions/none");
        foreach (var answer in new[] { response, other })
        {
            Assert.True(Guid.TryParse(Assert.Single(answer.Headers.GetValues("x-request-id")), out _));
            Assert.Equal("no-cache", Assert.Single(answer.Headers.GetValues("Pragma")));
            Assert.Equal("no-cache; no-store, must-revalidate, private", Assert.Single(answer.Headers.NonValidated["Cache-Control"]));
        }
    }

    [Theory]
    [InlineData("/predictions/none", 404, "ModelNotFoundException", "Model not found: none")]
    [InlineData("/predictions/twice/9.0", 404, "ModelVersionNotFoundException", "Model version: 9.0 does not exist for model: twice")]
    [InlineData("/predictions/twice/", 200, "", "")]
    [InlineData("/predictions", 404, "ResourceNotFoundException", "Requested resource is not found, please refer to API document.")]
    [InlineData("/models/twice/invoke/more", 404, "ResourceNotFoundException", "Requested resource is not found, please refer to API document.")]
    [InlineData("/invocations?model_name=none", 404, "ModelNotFoundException", "Model not found: none")]
    [InlineData("/explanations/twice", 501, "NotImplementedException", "Explanations need Python (captum), which is never run here; ask for a prediction")]
    public async Task Predict_WrongPaths_AnswerInTorchServesForm(string path, int status, string type, string message) =>
        Assert.Equal((status, status == 200 ? ThreeFive : TorchServeBed.Error(status, type, message)), await bed.PredictAsync(path, "[1.0, 2.25]"));

    [Theory]
    [InlineData("[1.0,", "malformed JSON at byte 5: expected a value, found the end of the text")]
    [InlineData("[[1.0],[1.0,2.0]]", "invalid value at byte 15: [1] has 2 elements, the lists before have 1")]
    [InlineData("", "")]
    [InlineData("{\"data\": \"x", "")]
    public async Task Predict_WrongBodies_Are400(string body, string message)
    {
        var (status, text) = await bed.PredictAsync("/predictions/twice", body);
        Assert.Equal(400, status);
        using var document = JsonDocument.Parse(text);
        Assert.Equal("BadRequestException", document.RootElement.GetProperty("type").GetString());
        if (message.Length > 0)
            Assert.StartsWith(message.Split(':')[0], document.RootElement.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Predict_BrokenForm_Is400(string type) =>
        Assert.Equal(400, (await bed.PredictAsync("/predictions/twice", "--x\r\nnonsense", type)).Status);

    [Fact]
    public async Task Predict_ModelFails_Is503PredictionFailed()
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "samples", "raises.pt"), Path.Combine(bed.Store, "raises.pt"), overwrite: true);
        await bed.SendAsync(HttpMethod.Post, "/models?url=raises.pt&initial_workers=1");

        var (status, text) = await bed.PredictAsync("/predictions/raises", "[[-1.0]]");

        Assert.Equal(503, status);
        Assert.StartsWith("{\n  \"code\": 503,\n  \"type\": \"InternalServerException\",\n  \"message\": \"Prediction failed: ", text);
    }

    [Theory]
    [InlineData("[[1.0, 2.25]]", "application/json", "[\n  [\n    3.0,\n    5.5\n  ]\n]")]
    [InlineData("{\"x\": [1.0, 2.25]}", "application/json", ThreeFive)]
    [InlineData("x=[1.0,2.25]", "application/x-www-form-urlencoded", ThreeFive)]
    [InlineData("data=[1.0,2.25]", "application/x-www-form-urlencoded", ThreeFive)]
    public async Task Predict_ModuleWithoutHandler_TakesWhatForwardTakes(string body, string type, string answer)
    {
        await bed.SendAsync(HttpMethod.Post, "/models?url=plain.pt&initial_workers=1");
        Assert.Equal((200, answer), await bed.PredictAsync("/predictions/plain", body, type));
    }

    [Theory]
    [InlineData("{\"y\": [1.0]}", "application/json")]
    [InlineData("y=[1.0]&x=1", "application/x-www-form-urlencoded")]
    [InlineData("nonsense", "application/octet-stream")]
    public async Task Predict_ModuleWithoutHandler_WrongBodiesAre400(string body, string type)
    {
        await bed.SendAsync(HttpMethod.Post, "/models?url=plain.pt&initial_workers=1");
        Assert.Equal(400, (await bed.PredictAsync("/predictions/plain", body, type)).Status);
    }

    [Fact]
    public async Task Predict_BodyTooLarge_Is413()
    {
        await using var bed = await SmallBodies.StartAsync();
        var (status, text) = await bed.PostAsync(new string(' ', 2000));
        Assert.Equal(413, status);
        Assert.Contains("TooLongFrameException", text);
    }

    [Fact]
    public async Task Options_OfAModel_DescribesIt()
    {
        var (status, text) = await bed.SendAsync(HttpMethod.Options, "/predictions/twice");
        Assert.Equal(200, status);
        using var document = JsonDocument.Parse(text);
        Assert.Equal("3.0.1", document.RootElement.GetProperty("openapi").GetString());
        Assert.True(document.RootElement.GetProperty("paths").TryGetProperty("/predictions/twice/1.0", out _));
    }

    [Theory]
    [InlineData("OPTIONS", "/")]
    [InlineData("OPTIONS", "/api-description")]
    [InlineData("GET", "/api-description")]
    public async Task Options_OfTheService_ListsThePaths(string method, string path)
    {
        var (status, text) = await bed.SendAsync(new HttpMethod(method), path);
        Assert.Equal(200, status);
        Assert.Contains("\"/predictions/{model}", text);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Ping_Well_IsHealthy(string method) =>
        Assert.Equal((200, TorchServeBed.Status("Healthy")), await bed.SendAsync(new HttpMethod(method), "/ping"));

    [Fact]
    public async Task Metrics_AfterRequests_HaveTorchServesNames()
    {
        await bed.PredictAsync("/predictions/twice/1.0", "[1.0]");
        var (_, text) = await bed.GetAsync("/metrics");
        Assert.Contains("ts_inference_requests_total{model_name=\"twice\",model_version=\"1.0\",hostname=", text);
        Assert.Contains("Requests2XX{Level=\"Host\"", text);
    }

    [Fact]
    public async Task Predict_EightyAtOnce_AreAllRight()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 80).Select(i => bed.PredictAsync("/predictions/twice", $"[{i}.0]")));
        for (var i = 0; i < answers.Length; i++)
            Assert.Equal((200, $"[\n  {(2 * i) + 1}.0\n]"), answers[i]);
    }
}
