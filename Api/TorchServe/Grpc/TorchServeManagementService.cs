using System.Text;
using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos.TorchServe;
using Granary.Api.TorchServe.Management;
using Granary.Api.TorchServe.Tokens;
using RegisterMessage = Granary.Api.Grpc.Protos.TorchServe.RegisterModelRequest;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Granary.Api.TorchServe.Grpc;

/// <summary>TorchServe's management over gRPC: <c>org.pytorch.serve.grpc.management.ManagementAPIsService</c>.</summary>
internal sealed class TorchServeManagementService(ModelManagement management, TorchServeAccess access) : IGrpcService
{
    private const int WholePage = 100;

    public ServiceDescriptor Descriptor { get; } = ManagementReflection.Descriptor.Services[0];

    /// <summary>Managing asks for more than that; see <see cref="TorchServeAccess"/>.</summary>
    public bool NeedsBearer => false;

    public void Bind(GrpcServiceBuilder methods) => methods
        .Unary<DescribeModelRequest, ManagementResponse>("DescribeModel", (request, call) => RunAsync(call, async () =>
            Text(await management.DescribeAsync(request.ModelName, Optional(request.ModelVersion), call.Cancellation))))
        .Unary<ListModelsRequest, ManagementResponse>("ListModels", (request, call) => RunAsync(call, async () =>
            Text(await management.ListAsync(request.Limit == 0 ? WholePage : request.Limit, request.NextPageToken, call.Cancellation))))
        .Unary<RegisterMessage, ManagementResponse>("RegisterModel", (request, call) => RunAsync(call, async () =>
            (await management.RegisterAsync(Read(request), call.Cancellation)).Text))
        .Unary<ScaleWorkerRequest, ManagementResponse>("ScaleWorker", (request, call) => RunAsync(call, async () =>
            (await management.ScaleAsync(request.ModelName, Optional(request.ModelVersion), Optional(request.MinWorker) ?? 1, Optional(request.MaxWorker), request.Synchronous, call.Cancellation)).Text))
        .Unary<SetDefaultRequest, ManagementResponse>("SetDefault", (request, call) => RunAsync(call, () =>
            management.SetDefaultAsync(request.ModelName, request.ModelVersion, call.Cancellation)))
        .Unary<UnregisterModelRequest, ManagementResponse>("UnregisterModel", (request, call) => RunAsync(call, () =>
            management.UnregisterAsync(request.ModelName, Optional(request.ModelVersion), call.Cancellation)));

    private async ValueTask<ManagementResponse> RunAsync(GrpcCall call, Func<Task<string>> run)
    {
        if (access.CheckManagement(call.Http) is { } refusal)
            throw GrpcAnswers.Denied(refusal);
        try
        {
            return new ManagementResponse { Msg = await run() };
        }
        catch (TorchServeException exception) when (exception.Status == StatusCodes.Status405MethodNotAllowed)
        {
            throw new GrpcException(GrpcStatus.PermissionDenied, "Model API disabled\norg.pytorch.serve.archive.model.ModelException");
        }
        catch (Exception exception) when (GrpcAnswers.Find(exception) is { } error)
        {
            throw new GrpcException(GrpcAnswers.StatusOf(error.Status), GrpcAnswers.Text(error));
        }
    }

    private static RegisterRequest Read(RegisterMessage request) => new()
    {
        Url = Optional(request.Url),
        ModelName = Optional(request.ModelName),
        Handler = Optional(request.Handler),
        Runtime = Optional(request.Runtime),
        BatchSize = Optional(request.BatchSize),
        MaxBatchDelay = Optional(request.MaxBatchDelay),
        InitialWorkers = Optional(request.InitialWorkers),
        Synchronous = request.Synchronous,
        ResponseTimeout = Optional(request.ResponseTimeout),
        StartupTimeout = Optional(request.StartupTimeout),
    };

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);

    private static string? Optional(string text) => text.Length > 0 ? text : null;

    private static int? Optional(int number) => number > 0 ? number : null;
}
