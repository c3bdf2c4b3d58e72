using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos.TorchServe;
using Granary.Api.TorchServe.Inference;
using Granary.Api.TorchServe.Management;
using Granary.Api.TorchServe.Tokens;
using Granary.Serving.Json;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Granary.Api.TorchServe.Grpc;

/// <summary>TorchServe's inference over gRPC: <c>org.pytorch.serve.grpc.inference.InferenceAPIsService</c>.</summary>
internal sealed class TorchServeInferenceService(Predictor predictor, ModelManagement management, TorchServeAccess access, TorchServeCounters counters) : IGrpcService
{
    public ServiceDescriptor Descriptor { get; } = InferenceReflection.Descriptor.Services[0];

    /// <summary>Tokens count too; see <see cref="TorchServeAccess"/>.</summary>
    public bool NeedsBearer => false;

    public void Bind(GrpcServiceBuilder methods) => methods
        .Unary<Empty, TorchServeHealthResponse>("Ping", PingAsync)
        .Unary<PredictionsRequest, PredictionResponse>("Predictions", PredictAsync)
        .ServerStreaming<PredictionsRequest, PredictionResponse>("StreamPredictions", StreamAsync)
        .Duplex<PredictionsRequest, PredictionResponse>("StreamPredictions2", StreamManyAsync);

    private async ValueTask<TorchServeHealthResponse> PingAsync(Empty request, GrpcCall call)
    {
        using var writer = new PooledBufferWriter();
        TorchServeAnswers.WriteStatus(writer, await management.IsHealthyAsync(call.Cancellation) ? "Healthy" : "Unhealthy");
        return new TorchServeHealthResponse { Health = Encoding.UTF8.GetString(writer.WrittenSpan) };
    }

    private async ValueTask<PredictionResponse> PredictAsync(PredictionsRequest request, GrpcCall call)
    {
        Authorize(call);
        try
        {
            return await RunAsync(request, call.Cancellation);
        }
        catch (Exception exception) when (GrpcAnswers.Find(exception) is { } error)
        {
            throw new GrpcException(StatusOf(error), GrpcAnswers.Text(error));
        }
    }

    // A model answers once: streams of several parts are for Python handlers.
    private async Task StreamAsync(PredictionsRequest request, GrpcResponseStream<PredictionResponse> responses, GrpcCall call) =>
        await responses.WriteAsync(await PredictAsync(request, call));

    private async Task StreamManyAsync(GrpcRequestStream<PredictionsRequest> requests, GrpcResponseStream<PredictionResponse> responses, GrpcCall call)
    {
        Authorize(call);
        await foreach (var request in requests.ReadAllAsync())
        {
            PredictionResponse response;
            try
            {
                response = await RunAsync(request, call.Cancellation);
            }
            catch (Exception exception) when (GrpcAnswers.Find(exception) is { } error)
            {
                response = new PredictionResponse { Status = new Granary.Api.Grpc.Protos.Rpc.Status { Code = (int)StatusOf(error), Message = error.Message } };
            }

            if (request.HasSequenceId)
                response.SequenceId = request.SequenceId;
            await responses.WriteAsync(response);
        }
    }

    private async ValueTask<PredictionResponse> RunAsync(PredictionsRequest request, CancellationToken cancellation)
    {
        if (request.ModelName.Length == 0)
            throw TorchServeException.BadRequest("Parameter model_name is required.");
        var version = request.ModelVersion.Length > 0 ? request.ModelVersion : null;
        var definition = await predictor.FindAsync(request.ModelName, version, cancellation);
        counters.Count(request.ModelName, version);
        var input = await predictor.InputAsync(definition, cancellation);
        var parts = new List<RequestPart>(request.Input.Count);
        foreach (var (name, content) in request.Input)
            parts.Add(new RequestPart(name, content.Memory, null));
        using var result = await predictor.RunAsync(definition, predictor.Read(definition, input, parts), cancellation);
        counters.Answer(definition.Name, version, result.Timing);
        using var writer = new PooledBufferWriter();
        AnswerText.Write(writer, result.Value);
        return new PredictionResponse { Prediction = ByteString.CopyFrom(writer.WrittenSpan) };
    }

    // TorchServe calls everything INTERNAL that goes wrong before the model runs.
    private static GrpcStatus StatusOf(TorchServeException error) =>
        error.Status is StatusCodes.Status404NotFound or StatusCodes.Status400BadRequest || error.Type == "ServiceUnavailableException" ? GrpcStatus.Internal : GrpcAnswers.StatusOf(error.Status);

    private void Authorize(GrpcCall call)
    {
        if (access.CheckInference(call.Http) is { } refusal)
            throw GrpcAnswers.Denied(refusal);
    }
}
