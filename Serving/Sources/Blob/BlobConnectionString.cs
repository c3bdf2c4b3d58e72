namespace Granary.Serving.Sources.Blob;

/// <summary>
/// The parts of an Azure storage connection string that reading blobs needs.
/// Source: https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string.
/// </summary>
/// <param name="Endpoint">Address of the blob service.</param>
/// <param name="Name">Account name; null with a SAS.</param>
/// <param name="Key">Account key; null with a SAS.</param>
/// <param name="Sas">Shared access signature; null with a key.</param>
internal sealed record BlobConnectionString(Uri Endpoint, string? Name, byte[]? Key, string? Sas)
{
    private const string Where = BlobStorageOptions.SectionName + ":ConnectionString";

    // Azurite's account, the same on every machine and printed in its documentation.
    private const string DevelopmentName = "devstoreaccount1";
    private const string DevelopmentKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// <summary>Reads the text; null when something is wrong, which adds faults that show no value.</summary>
    public static BlobConnectionString? Read(string text, List<string> faults)
    {
        var count = faults.Count;
        var parts = Split(text, faults);
        if (parts.Remove("UseDevelopmentStorage", out var development))
        {
            if (!string.Equals(development, "true", StringComparison.OrdinalIgnoreCase))
                faults.Add($"{Where} has UseDevelopmentStorage with something else than true");
            parts.TryAdd("AccountName", DevelopmentName);
            parts.TryAdd("AccountKey", DevelopmentKey);
            parts.TryAdd("BlobEndpoint", "http://127.0.0.1:10000/" + DevelopmentName);
        }

        var (name, sas) = (parts.GetValueOrDefault("AccountName"), parts.GetValueOrDefault("SharedAccessSignature"));
        var key = sas is null ? ReadKey(name, parts.GetValueOrDefault("AccountKey"), faults) : null;
        var endpoint = ReadEndpoint(parts, name, faults);
        return faults.Count == count ? new BlobConnectionString(endpoint!, name, key, sas) : null;
    }

    private static Dictionary<string, string> Split(string text, List<string> faults)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // Keys and signatures hold '=' themselves.
            var equals = part.IndexOf('=');
            if (equals < 1)
                faults.Add($"{Where} has a part without '='; expected Name=Value;Name=Value");
            else if (!parts.TryAdd(part[..equals].Trim(), part[(equals + 1)..].Trim()))
                faults.Add($"{Where} names {part[..equals].Trim()} twice");
        }

        return parts;
    }

    private static byte[]? ReadKey(string? name, string? key, List<string> faults)
    {
        if (string.IsNullOrEmpty(name) || string.IsNullOrEmpty(key))
        {
            faults.Add($"{Where} has neither AccountName and AccountKey nor SharedAccessSignature");
            return null;
        }

        var bytes = new byte[key.Length];
        if (Convert.TryFromBase64String(key, bytes, out var length) && length > 0)
            return bytes[..length];
        faults.Add($"{Where} has an AccountKey that is not base64");
        return null;
    }

    private static Uri? ReadEndpoint(Dictionary<string, string> parts, string? name, List<string> faults)
    {
        if (parts.GetValueOrDefault("BlobEndpoint") is { Length: > 0 } text)
        {
            if (BlobAccount.Address(text) is { } given)
                return given;
            faults.Add($"{Where} has a BlobEndpoint that is no address such as https://account.blob.core.windows.net");
            return null;
        }

        var scheme = parts.GetValueOrDefault("DefaultEndpointsProtocol", "https");
        var suffix = parts.GetValueOrDefault("EndpointSuffix", "core.windows.net");
        if (!string.IsNullOrEmpty(name) && BlobAccount.Address($"{scheme}://{name}.blob.{suffix}") is { } made)
            return made;
        faults.Add($"{Where} has neither a BlobEndpoint nor an AccountName that makes one");
        return null;
    }
}
