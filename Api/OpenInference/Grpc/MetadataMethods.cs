using Google.Protobuf;
using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos;
using Granary.Serving;
using Granary.Serving.Formats.Triton.Config;
using ConfigMessage = Granary.Api.Grpc.Protos.ModelConfig;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>Health, metadata and configuration.</summary>
internal sealed class MetadataMethods(V2Server server, V2Models models, V2Inference inference)
{
    /// <summary>Whoever gets an answer knows that the server lives.</summary>
    public ValueTask<ServerLiveResponse> ServerLiveAsync(ServerLiveRequest request, GrpcCall call) => new(new ServerLiveResponse { Live = true });

    /// <summary>Whether to send requests.</summary>
    public async ValueTask<ServerReadyResponse> ServerReadyAsync(ServerReadyRequest request, GrpcCall call) =>
        new() { Ready = await server.IsReadyAsync(call.Cancellation) };

    /// <summary>Whether a model answers; one that is not there does not, which is no failure: clients raise on every status but OK.</summary>
    public async ValueTask<ModelReadyResponse> ModelReadyAsync(ModelReadyRequest request, GrpcCall call)
    {
        V2Inference.CheckVersion(request.Version);
        try
        {
            return new ModelReadyResponse { Ready = await models.IsReadyAsync(request.Name, request.Version, call.Cancellation) };
        }
        catch (ServingException exception) when (exception.Error == ServingError.NotFound)
        {
            return new ModelReadyResponse { Ready = false };
        }
    }

    /// <summary>Name, version and what this server can.</summary>
    public ValueTask<ServerMetadataResponse> ServerMetadataAsync(ServerMetadataRequest request, GrpcCall call)
    {
        var response = new ServerMetadataResponse { Name = server.Name, Version = V2Server.Version };
        response.Extensions.AddRange(V2Server.Extensions);
        return new ValueTask<ServerMetadataResponse>(response);
    }

    /// <summary>What a model takes and gives.</summary>
    public async ValueTask<ModelMetadataResponse> ModelMetadataAsync(ModelMetadataRequest request, GrpcCall call)
    {
        var model = await models.DescribeAsync(request.Name, request.Version, call.Cancellation);
        var response = new ModelMetadataResponse { Name = model.Name, Platform = model.Platform };
        response.Versions.AddRange(model.Versions);
        response.Inputs.AddRange(model.Inputs.Select(Message));
        response.Outputs.AddRange(model.Outputs.Select(Message));
        return response;
    }

    /// <summary>A model's whole configuration.</summary>
    public async ValueTask<ModelConfigResponse> ModelConfigAsync(ModelConfigRequest request, GrpcCall call)
    {
        var model = await inference.FindAsync(request.Name, request.Version, call.Cancellation);
        return new ModelConfigResponse { Config = ToMessage(model.Config) };
    }

    /// <summary>The message of a configuration; its JSON is the one that protobuf reads.</summary>
    internal static ConfigMessage ToMessage(Serving.Formats.Triton.Config.ModelConfig config) =>
        JsonParser.Default.Parse<ConfigMessage>(ModelConfigCodec.ToJson(config));

    private static ModelMetadataResponse.Types.TensorMetadata Message(V2TensorMetadata tensor)
    {
        var message = new ModelMetadataResponse.Types.TensorMetadata { Name = tensor.Name, Datatype = tensor.Datatype };
        message.Shape.AddRange(tensor.Shape);
        return message;
    }
}
