using System.Numerics;
using System.Security.Cryptography;
using Granary.Serving.Sources.Arweave;

namespace Granary.Serving.Tests.Sources.Arweave;

public sealed class PssSignatureTests
{
    private static readonly byte[] Hash = SHA256.HashData("message"u8);

    [Theory]
    [InlineData(2048, 0)]
    [InlineData(2048, 20)]
    [InlineData(2048, 32)]
    [InlineData(2048, 222)]
    [InlineData(2056, 32)]
    [InlineData(3072, 100)]
    public void Verify_SaltOfAnyLength_IsAccepted(int bits, int saltLength)
    {
        using var key = RSA.Create(bits);
        var signature = Sign(key, saltLength);
        var modulus = key.ExportParameters(false).Modulus!;

        Assert.True(PssSignature.Verify(modulus, Hash, signature));
        Assert.False(PssSignature.Verify(modulus, SHA256.HashData("other"u8), signature));
        Assert.Equal(saltLength == 32, key.VerifyHash(Hash, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss));
        for (var i = 0; i < signature.Length; i += 37)
            Assert.False(PssSignature.Verify(modulus, Hash, Flipped(signature, i)));
    }

    [Fact]
    public void Verify_NotThisKindOfSignature_IsFalse()
    {
        using var key = RSA.Create(2048);
        var modulus = key.ExportParameters(false).Modulus!;
        var signature = key.SignHash(Hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);

        Assert.False(PssSignature.Verify(modulus, Hash, key.SignHash(Hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        Assert.False(PssSignature.Verify(modulus, Hash, signature[1..]));
        Assert.False(PssSignature.Verify(modulus, Hash, [0, .. signature]));
        Assert.False(PssSignature.Verify([0, .. modulus], Hash, [0, .. signature]));
        Assert.False(PssSignature.Verify(modulus, Hash, modulus));
        Assert.False(PssSignature.Verify(modulus, Hash, new byte[modulus.Length]));
        Assert.False(PssSignature.Verify([], Hash, []));
        Assert.False(PssSignature.Verify(Flipped(modulus, 5), Hash, signature));
    }

    [Fact]
    public void Verify_KeyTooSmallToBeSafe_IsFalse()
    {
        using var key = RSA.Create(1024);
        Assert.False(PssSignature.Verify(key.ExportParameters(false).Modulus!, Hash, key.SignHash(Hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)));
    }

    // RFC 8017, section 9.1.1; .NET signs with a salt of 32 bytes only.
    private static byte[] Sign(RSA key, int saltLength)
    {
        var secret = key.ExportParameters(true);
        var (n, d) = (Number(secret.Modulus!), Number(secret.D!));
        var bits = (int)n.GetBitLength() - 1;
        var encoded = new byte[(bits + 7) / 8];
        var salt = RandomNumberGenerator.GetBytes(saltLength);
        var digest = SHA256.HashData([.. new byte[8], .. Hash, .. salt]);
        var block = encoded.AsSpan(0, encoded.Length - 33);
        salt.CopyTo(block[^saltLength..]);
        block[^(saltLength + 1)] = 1;
        for (var i = 0; i < block.Length; i++)
            block[i] ^= SHA256.HashData([.. digest, 0, 0, 0, (byte)(i / 32)])[i % 32];
        block[0] &= (byte)(0xff >> ((8 * encoded.Length) - bits));
        digest.CopyTo(encoded, block.Length);
        encoded[^1] = 0xbc;
        var signature = new byte[secret.Modulus!.Length];
        var power = BigInteger.ModPow(Number(encoded), d, n).ToByteArray(isUnsigned: true, isBigEndian: true);
        power.CopyTo(signature, signature.Length - power.Length);
        return signature;
    }

    private static BigInteger Number(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static byte[] Flipped(byte[] bytes, int at)
    {
        var copy = (byte[])bytes.Clone();
        copy[at] ^= 1;
        return copy;
    }
}
