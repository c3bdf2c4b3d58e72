namespace Granary.Grains.Interfaces.Providers;

/// <summary>The storage account of a cluster on Azure, reached with a managed identity instead of keys.</summary>
public sealed class AzureStorageOptions
{
    /// <summary>Configuration section of these options.</summary>
    public const string SectionName = "Granary:AzureStorage";

    /// <summary>
    /// The key under which the service clients are registered, as the Orleans providers look for it:
    /// <c>Orleans:Clustering:ServiceKey</c>, <c>Orleans:GrainStorage:catalog:ServiceKey</c>.
    /// </summary>
    public const string ServiceKey = "azure";

    /// <summary>Such as <c>https://account.table.core.windows.net</c>, for membership. Default null: no Azure.</summary>
    public Uri? TableEndpoint { get; set; }

    /// <summary>Such as <c>https://account.blob.core.windows.net</c>, for the catalog. Default null.</summary>
    public Uri? BlobEndpoint { get; set; }
}
