using System.Runtime.InteropServices;
using Google.Protobuf;
using Granary.Api.Grpc.Protos;
using Granary.Api.Tests.Grpc;

namespace Granary.Api.Tests.OpenInference.Grpc;

/// <summary>Calls the inference service with the generated messages.</summary>
internal sealed class InferenceClient(Uri address) : IDisposable
{
    private readonly GrpcTestClient _client = new(address);

    /// <summary>A request for `simple` with raw tensors 0..15 and ones.</summary>
    public static ModelInferRequest Simple(string id = "")
    {
        var request = new ModelInferRequest { ModelName = "simple", Id = id };
        request.Inputs.Add(Input("INPUT0", "INT32", 1, 16));
        request.Inputs.Add(Input("INPUT1", "INT32", 1, 16));
        request.RawInputContents.Add(Raw<int>([.. Enumerable.Range(0, 16)]));
        request.RawInputContents.Add(Raw<int>([.. Enumerable.Repeat(1, 16)]));
        return request;
    }

    public static ModelInferRequest.Types.InferInputTensor Input(string name, string datatype, params long[] shape)
    {
        var input = new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = datatype };
        input.Shape.AddRange(shape);
        return input;
    }

    public static ModelInferRequest Echo(string datatype, ByteString raw, params long[] shape)
    {
        var request = new ModelInferRequest { ModelName = "echo", Inputs = { Input("x", datatype, shape) } };
        request.RawInputContents.Add(raw);
        return request;
    }

    public static ByteString Raw<T>(T[] values)
        where T : unmanaged => ByteString.CopyFrom(MemoryMarshal.AsBytes<T>(values));

    public static T[] Numbers<T>(ByteString raw)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(raw.Span).ToArray();

    public async Task<GrpcAnswer> SendAsync(string method, byte[] frames, params (string Name, string Value)[] headers)
    {
        using var request = GrpcTestClient.Request($"/inference.GRPCInferenceService/{method}", new ByteArrayContent(frames), headers);
        using var response = await _client.SendAsync(request);
        return await GrpcAnswer.ReadAsync(response);
    }

    public async Task<TResponse> CallAsync<TResponse>(string method, IMessage request)
        where TResponse : IMessage<TResponse>, new()
    {
        var answer = await SendAsync(method, GrpcTestClient.Frame(request));
        Assert.True(answer.Status == 0, $"{method}: {answer.Status} {answer.Message}");
        var response = new TResponse();
        response.MergeFrom(Assert.Single(answer.Messages()));
        return response;
    }

    public Task<ModelInferResponse> InferAsync(ModelInferRequest request) => CallAsync<ModelInferResponse>("ModelInfer", request);

    /// <summary>Expects a failure; returns status and message.</summary>
    public async Task<(int? Status, string Message)> FailAsync(string method, IMessage request)
    {
        var answer = await SendAsync(method, GrpcTestClient.Frame(request));
        Assert.NotEqual(0, answer.Status);
        return (answer.Status, answer.Message);
    }

    /// <summary>Sends a whole stream; returns its answers and how it ended.</summary>
    public async Task<(List<ModelStreamInferResponse> Responses, GrpcAnswer End)> StreamAsync(IEnumerable<ModelInferRequest> requests, params (string Name, string Value)[] headers)
    {
        var answer = await SendAsync("ModelStreamInfer", [.. requests.SelectMany(GrpcTestClient.Frame)], headers);
        return ([.. answer.Messages().Select(ModelStreamInferResponse.Parser.ParseFrom)], answer);
    }

    public void Dispose() => _client.Dispose();
}
