using System.Security.Cryptography;
using System.Text;

namespace Granary.Api.Security;

/// <summary>A header that callers must send with one value. Compared in constant time.</summary>
internal sealed class ApiRestriction(string header, string value)
{
    private const int MaxBytes = 1024;
    private readonly byte[] _digest = SHA256.HashData(Encoding.UTF8.GetBytes(value));

    /// <summary>The header's name.</summary>
    public string Header { get; } = header;

    /// <summary>Whether a request carries it. A repeated header never does.</summary>
    public bool IsMetBy(IHeaderDictionary headers)
    {
        if (!headers.TryGetValue(Header, out var values) || values.Count != 1 || values[0] is not { Length: <= MaxBytes } given)
            return false;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(given), digest);
        return CryptographicOperations.FixedTimeEquals(digest, _digest);
    }
}
