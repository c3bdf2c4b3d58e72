using System.Security.Cryptography;
using System.Text;

namespace Granary.Serving.Sources.Blob;

/// <summary>
/// The signature of Shared Key authorization for the blob service.
/// Source: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key.
/// </summary>
internal static class SharedKeySignature
{
    // In the order of the specification; Content-Length counts as empty when it is 0, Date since x-ms-date is always sent.
    private static readonly string[] Standard =
    [
        "Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date",
        "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range",
    ];

    /// <summary>The value of the <c>Authorization</c> header.</summary>
    public static string Authorization(string account, byte[] key, string method, Uri uri, IReadOnlyCollection<KeyValuePair<string, string>> headers)
    {
        var text = TextToSign(account, method, uri, headers);
        return $"SharedKey {account}:{Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)))}";
    }

    /// <summary>What is signed.</summary>
    public static string TextToSign(string account, string method, Uri uri, IReadOnlyCollection<KeyValuePair<string, string>> headers)
    {
        var text = new StringBuilder(method).Append('\n');
        foreach (var name in Standard)
            text.Append(Value(headers, name)).Append('\n');
        AppendServiceHeaders(text, headers);
        AppendResource(text, account, uri);
        return text.ToString();
    }

    private static string Value(IReadOnlyCollection<KeyValuePair<string, string>> headers, string name)
    {
        foreach (var header in headers)
        {
            if (string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase))
                return name is "Content-Length" && header.Value == "0" ? "" : header.Value;
        }

        return "";
    }

    private static void AppendServiceHeaders(StringBuilder text, IReadOnlyCollection<KeyValuePair<string, string>> headers)
    {
        var ours = headers.Select(static header => (Name: header.Key.ToLowerInvariant(), header.Value))
            .Where(static header => header.Name.StartsWith("x-ms-", StringComparison.Ordinal))
            .OrderBy(static header => header.Name, StringComparer.Ordinal);
        foreach (var (name, value) in ours)
            text.Append(name).Append(':').Append(value.Trim()).Append('\n');
    }

    // The path as it travels, after the account's name; the query decoded, sorted, one line a name.
    private static void AppendResource(StringBuilder text, string account, Uri uri)
    {
        text.Append('/').Append(account).Append(uri.AbsolutePath);
        var query = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(static part => part.Split('=', 2))
            .GroupBy(static part => Uri.UnescapeDataString(part[0]).ToLowerInvariant(), static part => part.Length == 2 ? Uri.UnescapeDataString(part[1]) : "")
            .OrderBy(static group => group.Key, StringComparer.Ordinal);
        foreach (var group in query)
            text.Append('\n').Append(group.Key).Append(':').AppendJoin(',', group.Order(StringComparer.Ordinal));
    }
}
