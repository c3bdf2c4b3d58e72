using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Granary.Api.Security;

/// <summary>
/// A secret that callers present as <c>Authorization: Bearer …</c> (RFC 6750 section 2.1). Only its SHA-256 is kept, and digests
/// are compared in constant time, so neither the length nor a common prefix shows in the time an answer takes.
/// </summary>
internal sealed class BearerKey
{
    /// <summary>Longest accepted secret in bytes; keeps the comparison on the stack.</summary>
    public const int MaxBytes = 1024;

    private const string Scheme = "Bearer ";
    private readonly byte[] _digest;

    /// <summary>Keeps the digest of a secret that <see cref="Fault"/> finds nothing wrong with.</summary>
    public BearerKey(string secret) => _digest = SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>The key of an optional setting; null when it is not set.</summary>
    public static BearerKey? FromSetting(string? secret) => string.IsNullOrEmpty(secret) ? null : new BearerKey(secret);

    /// <summary>Why a secret cannot travel in a header; null when it can.</summary>
    public static string? Fault(string secret)
    {
        if (secret.Length > MaxBytes)
            return $"has {secret.Length} characters; at most {MaxBytes} are allowed";
        foreach (var c in secret)
        {
            if (c is <= ' ' or > '~')
                return "holds a blank, a control character or a character outside ASCII; use printable ASCII";
        }

        return null;
    }

    /// <summary>Whether an <c>Authorization</c> header presents this secret. A repeated header never does.</summary>
    public bool Matches(StringValues authorization)
    {
        if (authorization.Count != 1 || authorization[0] is not { } header)
            return false;
        if (header.Length <= Scheme.Length || header.Length > Scheme.Length + MaxBytes || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return false;
        Span<byte> presented = stackalloc byte[MaxBytes];
        if (!Encoding.UTF8.TryGetBytes(header.AsSpan(Scheme.Length), presented, out var length))
            return false;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(presented[..length], digest);
        return CryptographicOperations.FixedTimeEquals(digest, _digest);
    }
}
