namespace Granary.Serving.Sources.Blob;

/// <summary>
/// The Azure storage account of <c>blob/…</c> ids, and how this server proves who it is: a connection string, a SAS, anonymously,
/// or (the default) a managed identity or whatever identity the environment offers.
/// </summary>
public sealed class BlobStorageOptions
{
    /// <summary>Name of the configuration section; a cluster on Azure finds its catalog by the same one.</summary>
    public const string SectionName = "AzureStorage";

    /// <summary>
    /// Such as <c>https://account.blob.core.windows.net</c>. Needed unless <see cref="ConnectionString"/> or the URL in
    /// <see cref="Sas"/> says it. Without <c>https</c> only for a key, a SAS or anonymous reading. Default none.
    /// </summary>
    public string? BlobEndpoint { get; set; }

    /// <summary>
    /// A connection string as the portal shows it: <c>AccountName</c> and <c>AccountKey</c>, or <c>BlobEndpoint</c> and
    /// <c>SharedAccessSignature</c>, or <c>UseDevelopmentStorage=true</c> for Azurite. A secret. Default none.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// A shared access signature (<c>sv=…&amp;sig=…</c>), or a URL that ends in one; it needs read, and list where ids name
    /// folders. A secret. Default none.
    /// </summary>
    public string? Sas { get; set; }

    /// <summary>Client id of a user-assigned managed identity. Default none: Azure.Identity's default chain, which also reads
    /// <c>AZURE_CLIENT_ID</c>.</summary>
    public string? ClientId { get; set; }

    /// <summary>Send no credentials: containers that anyone may read. Default false.</summary>
    public bool Anonymous { get; set; }
}
