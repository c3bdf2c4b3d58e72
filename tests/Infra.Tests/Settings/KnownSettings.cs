using System.Text.RegularExpressions;

namespace Granary.Infra.Tests.Settings;

/// <summary>Variables that Orleans 10, .NET, libtorch and the images read.</summary>
internal static partial class KnownSettings
{
    /// <summary>Ports that Orleans listens on unless told otherwise: EndpointOptions.DEFAULT_SILO_PORT and DEFAULT_GATEWAY_PORT.</summary>
    public const int SiloPort = 11111;

    /// <inheritdoc cref="SiloPort"/>
    public const int GatewayPort = 30000;

    /// <summary>Whether somebody else than the product reads the variable.</summary>
    public static bool Has(string variable) => Orleans().IsMatch(variable) || Platform().IsMatch(variable);

    /// <summary>
    /// What a client of a cluster must not be given: it has no provider of grain storage and would not start
    /// (Orleans.Core, DefaultClientServices.ApplyConfiguration), and it has no endpoints.
    /// </summary>
    public static bool IsForSilosOnly(string variable) => variable.StartsWith("Orleans__GrainStorage__", StringComparison.Ordinal)
        || variable.StartsWith("Orleans__Endpoints__", StringComparison.Ordinal)
        || variable.StartsWith("Orleans__Metadata__", StringComparison.Ordinal)
        || variable is "Orleans__Name"
        || variable.StartsWith("Granary__Silo__", StringComparison.Ordinal);

    // Read by DefaultSiloServices.ApplyConfiguration, EndpointOptions.Bind, UseSiloMetadata and the provider builders.
    [GeneratedRegex("""
        ^Orleans__(ClusterId|ServiceId|Name
          |Endpoints__(SiloPort|GatewayPort|AdvertisedIPAddress|SiloListeningEndpoint|GatewayListeningEndpoint)
          |Clustering__(ProviderType|PrimarySiloEndPoint|Gateways__\d+|Invariant|ConnectionString|ConnectionName|TableName|ServiceKey)
          |GrainStorage__catalog__(ProviderType|Invariant|ConnectionString|ConnectionName|ContainerName|TableName|ServiceKey|SerializerKey)
          |Metadata__\w+
          |Messaging__\w+)$
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Orleans();

    [GeneratedRegex("""
        ^(AZURE_CLIENT_ID
          |OTEL_[A-Z_]+
          |OMP_NUM_THREADS|OPENBLAS_NUM_THREADS|MKL_NUM_THREADS
          |NVIDIA_VISIBLE_DEVICES|NVIDIA_DRIVER_CAPABILITIES
          |DOTNET_RUNNING_IN_CONTAINER|DOTNET_CLI_TELEMETRY_OPTOUT|DOTNET_NOLOGO
          |Logging__LogLevel__[\w.]+
          |LIBTORCH
          |POSTGRES_(DB|USER|PASSWORD))$
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Platform();
}
