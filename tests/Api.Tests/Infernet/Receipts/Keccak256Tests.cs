using System.Text;
using Granary.Api.Infernet.Receipts;
using Granary.Api.Tests.Support;

namespace Granary.Api.Tests.Infernet.Receipts;

public class Keccak256Tests
{
    [Theory]
    [InlineData("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    [InlineData("The quick brown fox jumps over the lazy dog", "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15")]
    public void Hash_KnownTexts_GivesTheKnownDigests(string text, string digest) => Assert.Equal(digest, Hash(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public async Task Hash_EveryLengthAroundTheBlocks_IsThatOfEthers()
    {
        var expected = await NodeScript.RunAsync("""
            import { keccak256 } from "ethers";
            for (let length = 0; length <= 420; length++) console.log(keccak256(Uint8Array.from({ length }, (_, i) => i * 7 + length)).slice(2));
            """);

        var actual = Enumerable.Range(0, 421).Select(length => Hash([.. Enumerable.Range(0, length).Select(i => (byte)((i * 7) + length))]));
        Assert.Equal(expected.Split('\n'), actual);
    }

    private static string Hash(byte[] data)
    {
        var digest = new byte[Keccak256.Size];
        Keccak256.Hash(data, digest);
        return Convert.ToHexStringLower(digest);
    }
}
