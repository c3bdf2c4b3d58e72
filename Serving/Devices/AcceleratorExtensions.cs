using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Granary.Serving.Devices;

/// <summary>Registers the view of the host's GPUs.</summary>
public static class AcceleratorExtensions
{
    /// <summary>Adds <see cref="IAcceleratorProbe"/>; needs <c>AddModelActivations</c>.</summary>
    public static IServiceCollection AddAccelerators(this IServiceCollection services)
    {
        services.TryAddSingleton<IAcceleratorProbe, TorchAccelerators>();
        return services;
    }
}
