using Granary.Api.TorchServe.Management;

namespace Granary.Api.TorchServe.Inference;

/// <summary><c>/ping</c>: 200 <c>Healthy</c>, or 500 <c>Unhealthy</c> when a default version could not be loaded.</summary>
internal sealed class PingEndpoint(ModelManagement management)
{
    public async Task PingAsync(HttpContext context)
    {
        var isHealthy = await management.IsHealthyAsync(context.RequestAborted);
        await TorchServeAnswers.WriteStatusAsync(context, isHealthy ? StatusCodes.Status200OK : StatusCodes.Status500InternalServerError, isHealthy ? "Healthy" : "Unhealthy");
    }
}
