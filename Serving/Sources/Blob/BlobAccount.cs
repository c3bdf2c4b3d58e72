namespace Granary.Serving.Sources.Blob;

/// <summary>The storage account that the options describe. Holds secrets: never logged, never part of a message.</summary>
internal sealed class BlobAccount
{
    private const string Section = BlobStorageOptions.SectionName;

    private BlobAccount(Uri endpoint, BlobAccess access) => (Endpoint, Access) = (endpoint, access);

    /// <summary>Address of the blob service, without a query and without a slash at the end of its text.</summary>
    public Uri Endpoint { get; }

    public BlobAccess Access { get; }

    /// <summary>Of <see cref="BlobAccess.SharedKey"/>.</summary>
    public string Name { get; private init; } = "";

    /// <summary>Of <see cref="BlobAccess.SharedKey"/>.</summary>
    public byte[] Key { get; private init; } = [];

    /// <summary>Of <see cref="BlobAccess.Sas"/>: the query without a question mark.</summary>
    public string Sas { get; private init; } = "";

    /// <summary>Of <see cref="BlobAccess.Identity"/>: the user-assigned managed identity; null for the default chain.</summary>
    public string? ClientId { get; private init; }

    /// <summary>Reads the options.</summary>
    /// <param name="options">The section.</param>
    /// <param name="faults">Takes everything that is wrong, without secrets.</param>
    /// <returns>Null when blob storage is not configured, or wrongly.</returns>
    public static BlobAccount? Read(BlobStorageOptions options, List<string> faults)
    {
        var ways = (string[])
        [
            .. options.ConnectionString is { Length: > 0 } ? [nameof(options.ConnectionString)] : Array.Empty<string>(),
            .. options.Sas is { Length: > 0 } ? [nameof(options.Sas)] : Array.Empty<string>(),
            .. options.ClientId is { Length: > 0 } ? [nameof(options.ClientId)] : Array.Empty<string>(),
            .. options.Anonymous ? [nameof(options.Anonymous)] : Array.Empty<string>(),
        ];
        var count = faults.Count;
        if (ways.Length > 1)
            faults.Add($"{Section} has {string.Join(" and ", ways)}; set one of them");
        var endpoint = ReadEndpoint(options, faults);
        var account = options switch
        {
            { ConnectionString: { Length: > 0 } text } => FromConnectionString(text, endpoint, faults),
            { Sas: { Length: > 0 } text } => FromSas(text, endpoint, faults),
            _ => endpoint is null ? null : FromEndpoint(options, endpoint, faults),
        };
        if (account is null && ways.Length > 0 && faults.Count == count)
            faults.Add($"{Section}:BlobEndpoint is not set, but {ways[0]} is; expected an address such as https://account.blob.core.windows.net");
        return faults.Count == count ? account : null;
    }

    /// <summary>The address of a container.</summary>
    public Uri Container(string container) => new($"{Endpoint.OriginalString}/{Uri.EscapeDataString(container)}");

    /// <summary>The address of a blob.</summary>
    public Uri Blob(string container, string path)
        => new($"{Container(container).OriginalString}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");

    private static Uri? ReadEndpoint(BlobStorageOptions options, List<string> faults)
    {
        if (string.IsNullOrEmpty(options.BlobEndpoint))
            return null;
        if (Address(options.BlobEndpoint) is { } endpoint)
            return endpoint;
        // The text itself is not shown: people paste addresses with signatures.
        faults.Add($"{Section}:BlobEndpoint is not an address such as https://account.blob.core.windows.net (without a query; a signature belongs into {Section}:Sas)");
        return null;
    }

    private static BlobAccount FromEndpoint(BlobStorageOptions options, Uri endpoint, List<string> faults)
    {
        if (options.Anonymous)
            return new BlobAccount(endpoint, BlobAccess.Anonymous);
        if (endpoint.Scheme != Uri.UriSchemeHttps)
            faults.Add($"{Section}:BlobEndpoint is '{endpoint.OriginalString}'; a managed identity needs https, since its tokens must not travel in the clear");
        if (options.ClientId is { Length: > 0 } client && !Guid.TryParse(client, out _))
            faults.Add($"{Section}:ClientId is '{client}'; expected the client id of a managed identity, a GUID");
        return new BlobAccount(endpoint, BlobAccess.Identity) { ClientId = options.ClientId is { Length: > 0 } id ? id : null };
    }

    private static BlobAccount? FromSas(string text, Uri? endpoint, List<string> faults)
    {
        var mark = text.IndexOf('?');
        var query = text[(mark + 1)..].Trim();
        if (!query.Split('&').Any(static part => part.StartsWith("sig=", StringComparison.Ordinal) && part.Length > 4)
            || query.AsSpan().ContainsAnyExceptInRange('!', '~') || query.Contains('#'))
        {
            faults.Add($"{Section}:Sas is not a shared access signature; expected sv=…&sig=…, or a URL that ends in it");
            return null;
        }

        if (mark > 0 && endpoint is null)
        {
            endpoint = Service(text[..mark]);
            if (endpoint is null)
                faults.Add($"{Section}:Sas has a '?' but no URL before it");
        }

        return endpoint is null ? null : new BlobAccount(endpoint, BlobAccess.Sas) { Sas = query };
    }

    private static BlobAccount? FromConnectionString(string text, Uri? endpoint, List<string> faults)
    {
        if (BlobConnectionString.Read(text, faults) is not { } parts)
            return null;
        endpoint ??= parts.Endpoint;
        return parts.Sas is not null
            ? FromSas(parts.Sas, endpoint, faults)
            : new BlobAccount(endpoint, BlobAccess.SharedKey) { Name = parts.Name!, Key = parts.Key! };
    }

    // The URL of a container or blob begins with its service: the host, or for Azurite the host and the account.
    private static Uri? Service(string url)
    {
        if (Address(url) is not { } address)
            return null;
        var hasAccount = address.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 || address.Host == "localhost";
        var account = hasAccount && address.Segments.Length > 1 ? "/" + address.Segments[1].Trim('/') : "";
        return new Uri(address.GetLeftPart(UriPartial.Authority) + account);
    }

    /// <summary>An address of a service without query, user and fragment; null when the text is none.</summary>
    public static Uri? Address(string text)
        => Uri.TryCreate(text.Trim().TrimEnd('/'), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && uri.Query.Length == 0 && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0
            ? uri
            : null;
}
