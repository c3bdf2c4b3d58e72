using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Embeddings;

/// <summary>Registers the embeddings of a process that runs models.</summary>
public static class EmbeddingExtensions
{
    /// <summary>Without <see cref="EmbeddingOptions.ConfigFile"/> it does nothing but say so to who asks.</summary>
    public static IServiceCollection AddEmbeddings(this IServiceCollection services)
    {
        services.AddOptions<EmbeddingOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EmbeddingOptions>, EmbeddingOptionsValidator>());
        services.TryAddSingleton<EmbeddingService>();
        services.TryAddSingleton<IEmbeddings>(static provider => provider.GetRequiredService<EmbeddingService>());
        services.TryAddSingleton<IEmbeddingTables>(static provider => provider.GetRequiredService<EmbeddingService>());
        services.AddHostedService(static provider => provider.GetRequiredService<EmbeddingService>());
        return services;
    }
}
