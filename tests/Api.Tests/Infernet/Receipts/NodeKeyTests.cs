using System.Security.Cryptography;
using Granary.Api.Infernet.Receipts;
using Granary.Api.Tests.Support;

namespace Granary.Api.Tests.Infernet.Receipts;

public class NodeKeyTests
{
    /// <summary>The first account of every Ethereum test chain; its address is public knowledge.</summary>
    private const string KnownKey = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    private const string KnownAddress = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

    [Fact]
    public void Id_OfAKnownKey_IsItsAddress()
    {
        using var key = NodeKey.FromPem(Pem(KnownKey, NodeCurve.Secp256k1));

        Assert.Equal(KnownAddress, key.Id);
        Assert.Equal(KnownAddress[2..].ToLowerInvariant(), Convert.ToHexStringLower(key.IdWord[12..]));
    }

    [Fact]
    public async Task Sign_Secp256k1_EthersRecoversTheAddressAndSIsLow()
    {
        using var key = NodeKey.FromPem(Pem(KnownKey, NodeCurve.Secp256k1));
        var lines = new List<string>();
        for (var i = 0; i < 64; i++)
        {
            var statement = Enumerable.Repeat((byte)i, 288).ToArray();
            var signature = new byte[NodeKey.SignatureSize];
            key.Sign(statement, signature);
            lines.Add(Convert.ToHexStringLower(statement) + " " + Convert.ToHexStringLower(signature));
        }

        var answers = await NodeScript.RunAsync("""
            import { getBytes, keccak256, Signature, verifyMessage } from "ethers";
            for (const line of process.argv.slice(2)) {
              const [statement, signature] = line.split(" ").map(hex => "0x" + hex);
              const low = BigInt(Signature.from(signature).s) <= 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
              console.log(verifyMessage(getBytes(keccak256(statement)), signature), low);
            }
            """, [.. lines]);

        Assert.Equal(Enumerable.Repeat($"{KnownAddress} true", 64), answers.Split('\n'));
        // Both sides occur, so neither is taken for granted.
        Assert.Equal(["1b", "1c"], lines.Select(line => line[^2..]).Distinct().Order());
    }

    [Fact]
    public void Sign_P256_ThePublicKeyVerifies()
    {
        using var key = NodeKey.FromPem(NodeKey.GeneratePem(NodeCurve.P256));
        var statement = RandomNumberGenerator.GetBytes(288);
        var signature = new byte[NodeKey.SignatureSize];

        key.Sign(statement, signature);

        using var verifier = ECDsa.Create();
        verifier.ImportFromPem(key.PublicKeyPem);
        Assert.True(verifier.VerifyData(statement, signature.AsSpan(0, 64), HashAlgorithmName.SHA256));
        Assert.Equal(0, signature[64]);
    }

    [Fact]
    public async Task Sign_ManyThreads_AllSignaturesAreGood()
    {
        using var key = NodeKey.FromPem(NodeKey.GeneratePem(NodeCurve.P256));
        using var verifier = ECDsa.Create();
        verifier.ImportFromPem(key.PublicKeyPem);
        var made = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() =>
        {
            var statement = BitConverter.GetBytes(i);
            var signature = new byte[NodeKey.SignatureSize];
            key.Sign(statement, signature);
            return (statement, signature);
        })));

        Assert.All(made, one => Assert.True(verifier.VerifyData(one.statement, one.signature.AsSpan(0, 64), HashAlgorithmName.SHA256)));
    }

    [Theory]
    [InlineData("secp256k1")]
    [InlineData("prime256v1")]
    public void FromPem_KeyOfOpenssl_IsRead(string curve)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("openssl", ["ecparam", "-name", curve, "-genkey"]) { RedirectStandardOutput = true })!;
        var pem = process.StandardOutput.ReadToEnd();
        Assert.Contains("EC PARAMETERS", pem);

        using var key = NodeKey.FromPem(pem);

        Assert.Equal(curve == "secp256k1" ? NodeCurve.Secp256k1 : NodeCurve.P256, key.Curve);
    }

    [Fact]
    public void FromPem_OtherCurve_IsRefusedByName()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        var error = Assert.Throws<CryptographicException>(() => NodeKey.FromPem(other.ExportPkcs8PrivateKeyPem()));

        Assert.Contains("expected secp256k1 or P-256", error.Message);
    }

    [Fact]
    public void FromPem_PublicKey_IsRefused()
    {
        using var key = NodeKey.FromPem(NodeKey.GeneratePem(NodeCurve.P256));

        Assert.Throws<CryptographicException>(() => NodeKey.FromPem(key.PublicKeyPem));
        Assert.Throws<CryptographicException>(() => NodeKey.FromPem("no key"));
    }

    private static string Pem(string secret, NodeCurve curve)
    {
        using var key = ECDsa.Create(new ECParameters { Curve = curve.Curve, D = Convert.FromHexString(secret) });
        return key.ExportPkcs8PrivateKeyPem();
    }
}
