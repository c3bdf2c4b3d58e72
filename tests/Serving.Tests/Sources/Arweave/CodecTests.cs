using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using Granary.Serving.Sources.Arweave;

namespace Granary.Serving.Tests.Sources.Arweave;

[Collection(nameof(Weave))]
public sealed class CodecTests(Weave weave)
{
    [Theory]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", true)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", false)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+", false)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAA", false)]
    [InlineData("AAAA", false)]
    [InlineData("", false)]
    public void IsId_Text_OneTextForOneValue(string text, bool expected) => Assert.Equal(expected, Base64Url.IsId(text));

    [Fact]
    public void Read_Written_IsTheSame()
        => Prop.ForAll<byte[]>(static bytes => Base64Url.Read(Base64Url.Write(bytes)).AsSpan().SequenceEqual(bytes)).QuickCheckThrowOnFailure();

    [Fact]
    public void Matches_AnyPieces_TheRootThatArweaveJsComputed() => Prop.ForAll<PositiveInt[]>(MatchesInPieces).QuickCheckThrowOnFailure();

    [Fact]
    public void Matches_MoreOrLessThanAnnounced_IsFalse()
    {
        var data = weave["halved"].Data;
        var root = Base64Url.Read((string)weave["halved"].Header!["data_root"]!);
        using var hasher = new DataRootHasher(data.Length);
        hasher.Append(data.AsSpan(1));
        Assert.False(hasher.Matches(root));
        hasher.Restart();
        hasher.Append([.. data, 0]);
        Assert.False(hasher.Matches(root));
        hasher.Restart();
        hasher.Append(data);
        Assert.True(hasher.Matches(root));
    }

    [Theory]
    [InlineData(524_288, 2)]
    [InlineData(262_144, 1)]
    [InlineData(272_144, 2)]
    [InlineData(10, 1)]
    public void Matches_UploaderThatCutsPlainly_HasTheRootOfPlainChunks(int length, int chunks)
    {
        var data = weave["medium"].Data[..length];
        var leaves = new List<(byte[], long)>();
        for (var begin = 0; begin < length; begin += DataRootHasher.MaxChunkBytes)
        {
            var end = Math.Min(length, begin + DataRootHasher.MaxChunkBytes);
            leaves.Add((MerkleTree.Leaf(System.Security.Cryptography.SHA256.HashData(data.AsSpan(begin..end)), end), end));
        }

        using var hasher = new DataRootHasher(length);
        hasher.Append(data);
        Assert.Equal(chunks, leaves.Count);
        Assert.True(hasher.Matches(MerkleTree.Root(leaves)));
    }

    [Fact]
    public void Prove_EveryChunkOfEveryTransaction_HoldsForItsBytesOnly()
    {
        foreach (var entry in weave.Entries.Where(static entry => entry.Chunks.Count > 0))
        {
            var root = Base64Url.Read((string)entry.Header!["data_root"]!);
            foreach (var (begin, end, path) in entry.Chunks)
            {
                var proof = Base64Url.Read(path);
                var (provenBegin, provenEnd, hash) = MerkleTree.Prove(root, entry.Data.Length, begin, proof)!.Value;
                Assert.Equal((begin, end), (provenBegin, provenEnd));
                Assert.Equal(System.Security.Cryptography.SHA256.HashData(entry.Data.AsSpan(begin..end)), hash);
                Assert.NotNull(MerkleTree.Prove(root, entry.Data.Length, end - 1, proof));
                Assert.Null(MerkleTree.Prove(root, entry.Data.Length, end, proof));
                Assert.Null(MerkleTree.Prove(root, entry.Data.Length, begin - 1, proof));
                Assert.Null(MerkleTree.Prove(root, entry.Data.Length, begin, proof.AsSpan(1)));
            }
        }
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("0202610262" + "00", 1)]
    [InlineData("0102" + "02610262" + "00", 1)]
    [InlineData("01080261026200", 1)]
    [InlineData("0402610262" + "02630264" + "00", 2)]
    [InlineData("0202610262" + "0202630264" + "00", 2)]
    [InlineData("0202610262", -1)]
    [InlineData("020261026200ff", -1)]
    [InlineData("0202ff", -1)]
    [InlineData("02016102620", -1)]
    [InlineData("ffffffffffffffffff01", -1)]
    [InlineData("00", -2)]
    public void Read_AvroTags_OrMalformed(string hex, int count)
    {
        var bytes = Convert.FromHexString(hex.Length % 2 == 0 ? hex : hex + "0");
        if (count >= 0)
            Assert.Equal(count, TagList.Read(bytes, count).Count);
        else
            Assert.Throws<FormatException>(() => TagList.Read(bytes, 1));
    }

    [Fact]
    public void Read_DataItemCutAnywhere_IsMalformedAndNothingElse()
    {
        var item = new byte[2 + 512 + 512 + 1 + 32 + 1 + 16];
        item[0] = 1;
        item[1026] = 1;
        Assert.Equal(item.Length, DataItem.Read(item).HeaderBytes);
        for (var length = 0; length < item.Length; length++)
            Assert.Throws<FormatException>(() => DataItem.Read(item.AsSpan(0, length)));
        item[1026] = 2;
        Assert.Throws<FormatException>(() => DataItem.Read(item));
        item[1026] = 1;
        BinaryPrimitives.WriteUInt64LittleEndian(item.AsSpan(item.Length - 16), 129);
        Assert.Throws<FormatException>(() => DataItem.Read(item));
    }

    private bool MatchesInPieces(PositiveInt[] pieces)
    {
        var data = weave["halved"].Data;
        using var hasher = new DataRootHasher(data.Length);
        var position = 0;
        foreach (var piece in pieces)
        {
            var length = Math.Min(piece.Get * 997, data.Length - position);
            hasher.Append(data.AsSpan(position, length));
            position += length;
        }

        hasher.Append(data.AsSpan(position));
        return hasher.Matches(Base64Url.Read((string)weave["halved"].Header!["data_root"]!)) && !hasher.Matches(new byte[32]);
    }
}
