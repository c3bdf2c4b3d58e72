using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
#if GRANARY_AZURE
using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
#endif

namespace Granary.Grains.Interfaces.Providers;

/// <summary>Registers Azure's service clients under <see cref="AzureStorageOptions.ServiceKey"/>, where Orleans' providers look for them.</summary>
public static class AzureClients
{
    /// <summary>Adds the client that membership needs, when <see cref="AzureStorageOptions.TableEndpoint"/> is set.</summary>
    /// <exception cref="ServingException">It is set, but this build was made without the Azure packages.</exception>
    public static void AddTables(IServiceCollection services, IConfiguration configuration)
    {
        if (Endpoint(configuration, nameof(AzureStorageOptions.TableEndpoint)) is not { } endpoint)
            return;
#if GRANARY_AZURE
        services.AddKeyedSingleton(AzureStorageOptions.ServiceKey, (_, _) => new TableServiceClient(endpoint, Credential()));
#else
        _ = services;
        throw NotBuilt(nameof(AzureStorageOptions.TableEndpoint), endpoint);
#endif
    }

    /// <summary>The endpoint of that name; null when it is not set.</summary>
    public static Uri? Endpoint(IConfiguration configuration, string name) =>
        configuration[$"{AzureStorageOptions.SectionName}:{name}"] is { Length: > 0 } text ? new Uri(text) : null;

    /// <summary>What a build without the Azure packages says of an endpoint that is set.</summary>
    public static ServingException NotBuilt(string name, Uri endpoint) => new(
        ServingError.Unsupported,
        $"{AzureStorageOptions.SectionName}:{name} is {endpoint}, but this build was made where the Azure packages could not be restored; build it with -p:GranaryAzure=true");

#if GRANARY_AZURE
    /// <summary>The identity that <c>AZURE_CLIENT_ID</c> names, or whatever identity the environment offers.</summary>
    public static TokenCredential Credential() =>
        Environment.GetEnvironmentVariable("AZURE_CLIENT_ID") is { Length: > 0 } client
            ? new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(client))
            : new DefaultAzureCredential();
#endif
}
