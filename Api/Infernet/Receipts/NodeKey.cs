using System.Numerics;
using System.Security.Cryptography;

namespace Granary.Api.Infernet.Receipts;

/// <summary>The key with which a node signs its receipts. Thread-safe.</summary>
internal sealed class NodeKey : IDisposable
{
    /// <summary>r, s and the recovery number, in bytes.</summary>
    public const int SignatureSize = 65;

    private const int Scalar = 32;

    // .NET promises nothing about one object on many threads, and a lock would line requests up.
    private readonly ThreadLocal<ECDsa> _signer;
    private readonly Secp256k1? _nonces;
    private readonly byte[] _id = new byte[Scalar];

    private NodeKey(ECDsa key, NodeCurve curve)
    {
        Curve = curve;
        PublicKeyPem = key.ExportSubjectPublicKeyInfoPem();
        var parameters = key.ExportParameters(includePrivateParameters: true);
        parameters.Curve = curve.Curve;
        _signer = new ThreadLocal<ECDsa>(() => ECDsa.Create(parameters));
        var (x, y) = (parameters.Q.X!, parameters.Q.Y!);
        if (curve == NodeCurve.Secp256k1)
        {
            _nonces = new Secp256k1(Number(x), Number(y));
            // The last 20 bytes of the hash of the point are its address.
            Keccak256.Hash([.. x, .. y], _id);
            _id.AsSpan(0, 12).Clear();
            Id = EthereumAddress.Format(_id.AsSpan(12));
        }
        else
        {
            SHA256.HashData([4, .. x, .. y], _id);
            Id = Convert.ToHexStringLower(_id);
        }
    }

    /// <summary>Which of the two curves.</summary>
    public NodeCurve Curve { get; }

    /// <summary>The Ethereum address of a secp256k1 key; of a P-256 key the SHA-256 of the uncompressed point in lower-case hex.</summary>
    public string Id { get; }

    /// <summary><see cref="Id"/> as the 32 bytes that are signed.</summary>
    public ReadOnlySpan<byte> IdWord => _id;

    /// <summary>The public key, PEM.</summary>
    public string PublicKeyPem { get; }

    /// <summary>A new key.</summary>
    public static string GeneratePem(NodeCurve curve)
    {
        using var key = ECDsa.Create(curve.Curve);
        return key.ExportPkcs8PrivateKeyPem();
    }

    /// <summary>A key from its PEM text.</summary>
    /// <exception cref="CryptographicException">No private key on one of the two curves.</exception>
    public static NodeKey FromPem(string pem)
    {
        using var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
        }
        catch (ArgumentException exception)
        {
            throw new CryptographicException("it holds no unencrypted private key in PEM", exception);
        }

        var oid = key.ExportParameters(false).Curve.Oid;
        var curve = NodeCurve.Find(oid.Value) ?? NodeCurve.Find(oid.FriendlyName is "ECDSA_P256" or "nistP256" ? NodeCurve.P256.Name : oid.FriendlyName)
            ?? throw new CryptographicException($"its curve is {oid.FriendlyName ?? oid.Value}; expected {NodeCurve.Secp256k1.Name} or {NodeCurve.P256.Name}");
        return new NodeKey(key, curve);
    }

    /// <summary>
    /// Signs a statement. secp256k1: over the Keccak-256 of it, prefixed as EIP-191 has it, with a low s and a recovery number of 27 or 28;
    /// P-256: over its SHA-256, with recovery number 0.
    /// </summary>
    public void Sign(ReadOnlySpan<byte> statement, Span<byte> signature)
    {
        Span<byte> digest = stackalloc byte[Scalar];
        if (_nonces is null)
        {
            SHA256.HashData(statement, digest);
            _signer.Value!.SignHash(digest, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            signature[2 * Scalar] = 0;
            return;
        }

        Eip191(statement, digest);
        while (!TrySign(digest, signature))
        {
            // Practically never: see Secp256k1.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _signer.Dispose();

    private static void Eip191(ReadOnlySpan<byte> statement, Span<byte> digest)
    {
        ReadOnlySpan<byte> prefix = "\u0019Ethereum Signed Message:\n32"u8;
        Span<byte> message = stackalloc byte[prefix.Length + Scalar];
        prefix.CopyTo(message);
        Keccak256.Hash(statement, message[prefix.Length..]);
        Keccak256.Hash(message, digest);
    }

    private bool TrySign(ReadOnlySpan<byte> digest, Span<byte> signature)
    {
        _signer.Value!.SignHash(digest, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var (r, s) = (Number(signature[..Scalar]), Number(signature.Slice(Scalar, Scalar)));
        if (_nonces!.IsNonceOdd(Number(digest), r, s) is not { } odd)
            return false;
        // Of s and its negative contracts take the smaller; the negative belongs to the mirrored point.
        if (s > Secp256k1.Order / 2)
        {
            Write(Secp256k1.Order - s, signature.Slice(Scalar, Scalar));
            odd = !odd;
        }

        signature[2 * Scalar] = (byte)(odd ? 28 : 27);
        return true;
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static void Write(BigInteger number, Span<byte> target)
    {
        target.Clear();
        number.TryWriteBytes(target[(target.Length - number.GetByteCount(isUnsigned: true))..], out _, isUnsigned: true, isBigEndian: true);
    }
}
