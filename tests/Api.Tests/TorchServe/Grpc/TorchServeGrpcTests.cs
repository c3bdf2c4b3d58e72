using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Granary.Api.Grpc.Protos.TorchServe;
using Granary.Api.Tests.Grpc;

namespace Granary.Api.Tests.TorchServe.Grpc;

/// <summary>TorchServe's gRPC services over the whole service.</summary>
public sealed class TorchServeGrpcTests(TorchServeBed bed) : IClassFixture<TorchServeBed>, IDisposable
{
    private const string Inference = "org.pytorch.serve.grpc.inference.InferenceAPIsService";
    private const string Management = "org.pytorch.serve.grpc.management.ManagementAPIsService";
    private readonly GrpcTestClient _client = new(bed.Client.BaseAddress!);

    public void Dispose() => _client.Dispose();

    private static PredictionsRequest Request(string model, string body, string name = "data") =>
        new() { ModelName = model, Input = { [name] = ByteString.CopyFromUtf8(body) } };

    private async Task<GrpcAnswer> CallAsync(string service, string method, params IMessage[] messages)
    {
        using var request = GrpcTestClient.Request($"/{service}/{method}", new ByteArrayContent([.. messages.SelectMany(GrpcTestClient.Frame)]));
        using var response = await _client.SendAsync(request);
        return await GrpcAnswer.ReadAsync(response);
    }

    private async Task<string> ManageAsync(string method, IMessage message)
    {
        var answer = await CallAsync(Management, method, message);
        Assert.True(answer.Status == 0, answer.Message);
        return ManagementResponse.Parser.ParseFrom(Assert.Single(answer.Messages())).Msg;
    }

    private async Task<(int? Status, string Message)> FailAsync(string service, string method, IMessage message)
    {
        var answer = await CallAsync(service, method, message);
        return (answer.Status, answer.Message);
    }

    [Theory]
    [InlineData("data")]
    [InlineData("body")]
    public async Task Predictions_AModel_AnswersIndentedJson(string name)
    {
        var answer = await CallAsync(Inference, "Predictions", Request("twice", "[1.0, 2.25]", name));
        Assert.Equal("[\n  3.0,\n  5.5\n]", PredictionResponse.Parser.ParseFrom(Assert.Single(answer.Messages())).Prediction.ToStringUtf8());
    }

    [Fact]
    public async Task Predictions_Wrong_EndsAsTorchServeDoes()
    {
        Assert.Equal((13, "Parameter model_name is required.\nBadRequestException.()"), await FailAsync(Inference, "Predictions", Request("", "[1.0]")));
        Assert.Equal((13, "Model not found: none\norg.pytorch.serve.archive.model.ModelNotFoundException"), await FailAsync(Inference, "Predictions", Request("none", "[1.0]")));
        var version = Request("twice", "[1.0]");
        version.ModelVersion = "9.0";
        Assert.Equal((13, "Model version: 9.0 does not exist for model: twice\norg.pytorch.serve.archive.model.ModelVersionNotFoundException"), await FailAsync(Inference, "Predictions", version));
        var (status, message) = await FailAsync(Inference, "Predictions", Request("twice", "[1.0"));
        Assert.Equal(13, status);
        Assert.EndsWith("\nBadRequestException.()", message);
    }

    [Fact]
    public async Task StreamPredictions_AModel_AnswersOnce()
    {
        var answer = await CallAsync(Inference, "StreamPredictions", Request("twice", "[1.0]"));
        Assert.Equal((0, "[\n  3.0\n]"), (answer.Status, PredictionResponse.Parser.ParseFrom(Assert.Single(answer.Messages())).Prediction.ToStringUtf8()));
    }

    [Fact]
    public async Task StreamPredictions2_OneOfThreeFails_TheOthersAreAnswered()
    {
        var first = Request("twice", "[1.0]");
        first.SequenceId = "s";
        var answer = await CallAsync(Inference, "StreamPredictions2", first, Request("none", "[1.0]"), Request("twice", "[2.0]"));
        var messages = answer.Messages().Select(PredictionResponse.Parser.ParseFrom).ToList();
        Assert.Equal(0, answer.Status);
        Assert.Equal(["[\n  3.0\n]", "", "[\n  5.0\n]"], messages.Select(static message => message.Prediction.ToStringUtf8()));
        Assert.Equal("s", messages[0].SequenceId);
        Assert.Equal((13, "Model not found: none"), (messages[1].Status.Code, messages[1].Status.Message));
        Assert.Null(messages[2].Status);
    }

    [Fact]
    public async Task Ping_Well_IsTheJsonOfHttp()
    {
        var answer = await CallAsync(Inference, "Ping", new Empty());
        Assert.Equal("{\n  \"status\": \"Healthy\"\n}", TorchServeHealthResponse.Parser.ParseFrom(Assert.Single(answer.Messages())).Health);
    }

    [Fact]
    public async Task Manage_AModelsWholeLife_AnswersWithHttpsTexts()
    {
        Assert.Equal("Model \"life\" Version: 2.0 registered with 1 initial workers",
            await ManageAsync("RegisterModel", new Granary.Api.Grpc.Protos.TorchServe.RegisterModelRequest { Url = "twice2.mar", ModelName = "life", InitialWorkers = 1, Synchronous = true, BatchSize = 4 }));
        Assert.Equal((10, "Model version 2.0 is already registered for model life\norg.pytorch.serve.http.ConflictStatusException"),
            await FailAsync(Management, "RegisterModel", new Granary.Api.Grpc.Protos.TorchServe.RegisterModelRequest { Url = "twice2.mar", ModelName = "life" }));
        Assert.Equal("Workers scaled to 2 for model: life, version: 2.0", await ManageAsync("ScaleWorker", new ScaleWorkerRequest { ModelName = "life", ModelVersion = "2.0", MinWorker = 2, Synchronous = true }));
        Assert.Equal("Processing worker updates...", await ManageAsync("ScaleWorker", new ScaleWorkerRequest { ModelName = "life", MinWorker = 2 }));
        using (var description = JsonDocument.Parse(await ManageAsync("DescribeModel", new DescribeModelRequest { ModelName = "life" })))
            Assert.Equal((2, 4), (description.RootElement[0].GetProperty("workers").GetArrayLength(), description.RootElement[0].GetProperty("batchSize").GetInt32()));
        using (var list = JsonDocument.Parse(await ManageAsync("ListModels", new ListModelsRequest())))
            Assert.Contains("life", list.RootElement.GetProperty("models").EnumerateArray().Select(static model => model.GetProperty("modelName").GetString()));
        Assert.Equal("Default version successfully updated for model \"life\" to \"2.0\"", await ManageAsync("SetDefault", new SetDefaultRequest { ModelName = "life", ModelVersion = "2.0" }));
        Assert.Equal("Model \"life\" unregistered", await ManageAsync("UnregisterModel", new UnregisterModelRequest { ModelName = "life" }));
        Assert.Equal((5, "Model not found: life\norg.pytorch.serve.archive.model.ModelNotFoundException"), await FailAsync(Management, "UnregisterModel", new UnregisterModelRequest { ModelName = "life" }));
    }

    /// <summary>What is checked stands in tests/node/grpc/torchserve.js.</summary>
    [Fact]
    public async Task GrpcJs_AModelsWholeLife_IsAnsweredAsItMustBe() =>
        Assert.Equal("ok\n", await NodeClient.RunAsync("grpc/torchserve.js", bed.Client.BaseAddress!.Authority, NodeClient.Repository));

    [Fact]
    public async Task OpenInference_InTorchServesPackage_IsAnswered()
    {
        var answer = await CallAsync("org.pytorch.serve.grpc.openinference.GRPCInferenceService", "ServerLive", new Granary.Api.Grpc.Protos.ServerLiveRequest());
        Assert.True(Granary.Api.Grpc.Protos.ServerLiveResponse.Parser.ParseFrom(Assert.Single(answer.Messages())).Live);
    }
}
