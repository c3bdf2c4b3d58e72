using Granary.Api.Grpc.Protos;
using Granary.Api.OpenInference.Grpc;
using Granary.Api.Tests.Grpc;
using static Granary.Api.Tests.OpenInference.Grpc.InferenceClient;

namespace Granary.Api.Tests.OpenInference.Grpc;

/// <summary><c>ModelStreamInfer</c> over the whole service.</summary>
public sealed class StreamTests(V2Bed bed) : IClassFixture<V2Bed>, IDisposable
{
    private readonly InferenceClient _client = new(bed.Client.BaseAddress!);

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task ModelStreamInfer_ManyRequests_AreAnsweredInOrder()
    {
        var requests = Enumerable.Range(0, 3 * InferMethods.StreamWindow).Select(number =>
        {
            var request = Simple($"{number}");
            request.RawInputContents[0] = Raw<int>([.. Enumerable.Repeat(number, 16)]);
            return request;
        }).ToList();

        var (responses, end) = await _client.StreamAsync(requests);

        Assert.Equal(0, end.Status);
        Assert.Equal(requests.Select(request => request.Id), responses.Select(response => response.InferResponse.Id));
        Assert.All(responses, (response, number) =>
        {
            Assert.Equal("", response.ErrorMessage);
            Assert.Equal(number + 1, Numbers<int>(response.InferResponse.RawOutputContents[0])[0]);
            Assert.True(response.InferResponse.Parameters["triton_final_response"].BoolParam);
        });
    }

    [Fact]
    public async Task ModelStreamInfer_BadRequest_IsToldInItsPlaceAndTheStreamGoesOn()
    {
        var bad = Simple("bad");
        bad.ModelName = "none";
        bad.ModelVersion = "3";
        var invalid = Simple("invalid");
        invalid.RawInputContents.Clear();

        var (responses, end) = await _client.StreamAsync([Simple("first"), bad, invalid, Simple("last")]);

        Assert.Equal(0, end.Status);
        Assert.Equal(["", "Request for unknown model: 'none' is not found", "unable to find data for input tensor 'INPUT0' for model 'simple' in request.", ""], responses.Select(response => response.ErrorMessage));
        Assert.Equal(["first", "bad", "invalid", "last"], responses.Select(response => response.InferResponse.Id));
        Assert.Equal(("none", "3"), (responses[1].InferResponse.ModelName, responses[1].InferResponse.ModelVersion));
        Assert.True(responses[1].InferResponse.Parameters["triton_final_response"].BoolParam);
    }

    [Fact]
    public async Task ModelStreamInfer_WithTritonGrpcError_EndsWithTheStatus()
    {
        var bad = Simple("bad");
        bad.ModelName = "none";

        var (responses, end) = await _client.StreamAsync([Simple("first"), bad, Simple("never")], ("triton_grpc_error", "true"));

        Assert.Equal("first", Assert.Single(responses).InferResponse.Id);
        Assert.Equal((5, "Request for unknown model: 'none' is not found"), (end.Status, end.Message));
    }

    [Fact]
    public async Task ModelStreamInfer_WithTritonGrpcError_EndsThoughTheCallerIsNotDone()
    {
        using var client = new GrpcTestClient(bed.Client.BaseAddress!);
        var content = new PieceContent();
        using var request = GrpcTestClient.Request("/inference.GRPCInferenceService/ModelStreamInfer", content, ("triton_grpc_error", "true"));
        var bad = Simple();
        bad.ModelName = "none";

        var answering = client.SendAsync(request);
        await content.WriteAsync(GrpcTestClient.Frame(bad));
        using var response = await answering.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(5, (await GrpcAnswer.ReadAsync(response)).Status);
    }

    [Fact]
    public async Task ModelStreamInfer_MessageThatIsNone_EndsTheStreamAfterWhatCameBefore()
    {
        var answer = await _client.SendAsync("ModelStreamInfer", [.. GrpcTestClient.Frame(Simple("first")), .. GrpcTestClient.Frame([0x0A, 0x7F])]);

        Assert.Equal("first", ModelStreamInferResponse.Parser.ParseFrom(Assert.Single(answer.Messages())).InferResponse.Id);
        Assert.Equal((13, "The request message cannot be parsed: it ends inside a field"), (answer.Status, answer.Message));
    }

    [Fact]
    public async Task ModelStreamInfer_NoRequest_HasNoAnswer()
    {
        var (responses, end) = await _client.StreamAsync([]);

        Assert.Equal((0, 0), (responses.Count, end.Status));
    }

    [Fact]
    public async Task ModelStreamInfer_LargeTensor_ComesBackWhole()
    {
        var values = Enumerable.Range(0, 1_000_000).Select(number => (float)number).ToArray();

        var (responses, _) = await _client.StreamAsync([Echo("FP32", Raw(values), values.Length), Simple("after")]);

        Assert.Equal(values, Numbers<float>(responses[0].InferResponse.RawOutputContents[0]));
        Assert.Equal("after", responses[1].InferResponse.Id);
    }
}
