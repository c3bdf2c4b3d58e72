using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos;
using Granary.Api.Security;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>
/// The Open Inference protocol over gRPC with Triton's extensions: <c>inference.GRPCInferenceService</c>.
/// Source: triton-inference-server/common, <c>protobuf/grpc_service.proto</c>.
/// </summary>
internal sealed class InferenceService(
    InferMethods infer,
    MetadataMethods metadata,
    RepositoryMethods repository,
    StatisticsMethods statistics,
    SettingsMethods settings) : IGrpcService
{
    public ServiceDescriptor Descriptor { get; } = GrpcServiceReflection.Descriptor.Services[0];

    /// <summary>TorchServe has the same messages in a package of its own.</summary>
    public IReadOnlyList<string> Aliases => ["org.pytorch.serve.grpc.openinference.GRPCInferenceService"];

    public ApiGroup? GroupOf(string method) => method switch
    {
        "ModelInfer" or "ModelStreamInfer" => ApiGroup.Inference,
        "ServerLive" or "ServerReady" or "ModelReady" => ApiGroup.Health,
        "ServerMetadata" or "ModelMetadata" => ApiGroup.Metadata,
        "ModelConfig" => ApiGroup.ModelConfig,
        "ModelStatistics" => ApiGroup.Statistics,
        "RepositoryIndex" or "RepositoryModelLoad" or "RepositoryModelUnload" => ApiGroup.ModelRepository,
        "TraceSetting" => ApiGroup.Trace,
        "LogSettings" => ApiGroup.Logging,
        _ => ApiGroup.SharedMemory,
    };

    public void Bind(GrpcServiceBuilder methods)
    {
        methods
            .Unary("ModelInfer", infer.InferAsync, new InferMessageCodec(), new InferAnswerCodec())
            .Duplex("ModelStreamInfer", infer.StreamAsync, new InferMessageCodec(), new StreamAnswerCodec())
            .Unary<ServerLiveRequest, ServerLiveResponse>("ServerLive", metadata.ServerLiveAsync)
            .Unary<ServerReadyRequest, ServerReadyResponse>("ServerReady", metadata.ServerReadyAsync)
            .Unary<ModelReadyRequest, ModelReadyResponse>("ModelReady", metadata.ModelReadyAsync)
            .Unary<ServerMetadataRequest, ServerMetadataResponse>("ServerMetadata", metadata.ServerMetadataAsync)
            .Unary<ModelMetadataRequest, ModelMetadataResponse>("ModelMetadata", metadata.ModelMetadataAsync)
            .Unary<ModelConfigRequest, ModelConfigResponse>("ModelConfig", metadata.ModelConfigAsync)
            .Unary<ModelStatisticsRequest, ModelStatisticsResponse>("ModelStatistics", statistics.ModelStatisticsAsync)
            .Unary<RepositoryIndexRequest, RepositoryIndexResponse>("RepositoryIndex", repository.IndexAsync)
            .Unary<RepositoryModelLoadRequest, RepositoryModelLoadResponse>("RepositoryModelLoad", repository.LoadAsync)
            .Unary<RepositoryModelUnloadRequest, RepositoryModelUnloadResponse>("RepositoryModelUnload", repository.UnloadAsync)
            .Unary<TraceSettingRequest, TraceSettingResponse>("TraceSetting", settings.TraceAsync)
            .Unary<LogSettingsRequest, LogSettingsResponse>("LogSettings", settings.LogAsync);
        SharedMemoryMethods.Bind(methods);
    }
}
