using System.Security.Cryptography;

namespace Granary.Api.Infernet.Receipts;

/// <summary>
/// The two curves of node keys. secp256k1 is what wallets and the EVM's <c>ecrecover</c> use; OpenSSL has no fast code for it.
/// P-256 is everywhere else, in hardware modules too, and an order of magnitude faster.
/// </summary>
internal sealed record NodeCurve(string Name, string Oid, string Algorithm)
{
    /// <summary>SEC 2, section 2.4.1; signatures as EIP-191 version 0x45 has them.</summary>
    public static readonly NodeCurve Secp256k1 = new("secp256k1", "1.3.132.0.10", "EIP191-secp256k1");

    /// <summary>FIPS 186-4, D.1.2.3; signatures over SHA-256.</summary>
    public static readonly NodeCurve P256 = new("P-256", "1.2.840.10045.3.1.7", "SHA256-P256");

    /// <summary>The curve for .NET.</summary>
    public ECCurve Curve => ECCurve.CreateFromValue(Oid);

    /// <summary>A curve by its name or, as keys have it, its object identifier.</summary>
    public static NodeCurve? Find(string? nameOrOid) => nameOrOid switch
    {
        _ when Secp256k1.Is(nameOrOid) => Secp256k1,
        _ when P256.Is(nameOrOid) => P256,
        _ => null,
    };

    private bool Is(string? nameOrOid) => nameOrOid == Oid || string.Equals(nameOrOid, Name, StringComparison.OrdinalIgnoreCase);
}
