using Granary.Api.Grpc;
using Granary.Api.Grpc.Protos;
using Granary.Serving;

namespace Granary.Api.OpenInference.Grpc;

/// <summary>
/// Shared memory, of which there is none. Clients ask for its state and clear it before anything else, so those calls say so
/// truthfully; only a region that is registered is refused.
/// </summary>
internal static class SharedMemoryMethods
{
    /// <summary>Names the handlers.</summary>
    public static void Bind(GrpcServiceBuilder methods) => methods
        .Unary<SystemSharedMemoryStatusRequest, SystemSharedMemoryStatusResponse>("SystemSharedMemoryStatus",
            static (request, _) => Answer(new SystemSharedMemoryStatusResponse(), request.Name, "system"))
        .Unary<SystemSharedMemoryRegisterRequest, SystemSharedMemoryRegisterResponse>("SystemSharedMemoryRegister", static (_, _) => throw Refused())
        .Unary<SystemSharedMemoryUnregisterRequest, SystemSharedMemoryUnregisterResponse>("SystemSharedMemoryUnregister",
            static (_, _) => new(new SystemSharedMemoryUnregisterResponse()))
        .Unary<CudaSharedMemoryStatusRequest, CudaSharedMemoryStatusResponse>("CudaSharedMemoryStatus",
            static (request, _) => Answer(new CudaSharedMemoryStatusResponse(), request.Name, "cuda"))
        .Unary<CudaSharedMemoryRegisterRequest, CudaSharedMemoryRegisterResponse>("CudaSharedMemoryRegister", static (_, _) => throw Refused())
        .Unary<CudaSharedMemoryUnregisterRequest, CudaSharedMemoryUnregisterResponse>("CudaSharedMemoryUnregister",
            static (_, _) => new(new CudaSharedMemoryUnregisterResponse()));

    private static ValueTask<TResponse> Answer<TResponse>(TResponse none, string name, string kind) => name.Length == 0
        ? new ValueTask<TResponse>(none)
        : throw new ServingException(ServingError.NotFound, $"Unable to find {kind} shared memory region: '{name}'");

    private static ServingException Refused() =>
        new(ServingError.Unsupported, "shared memory is not supported by this server; tensors travel in raw_input_contents and raw_output_contents");
}
