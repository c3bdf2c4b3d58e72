using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Granary.Serving.Sources.Arweave;

/// <summary>
/// The header of a data item: something signed that travels inside a transaction. Source: ANS-104, section 1.3.
/// </summary>
internal sealed record DataItem(byte[] Signature, byte[] Owner, byte[] Target, byte[] Anchor, byte[] RawTags, IReadOnlyList<ArweaveTag> Tags, int HeaderBytes)
{
    /// <summary>The longest header there is, with 4,096 bytes of tags.</summary>
    public const int MaxHeaderBytes = 2 + KeyBytes + KeyBytes + 33 + 33 + 16 + MaxTagBytes;

    private const int MaxTagBytes = 4096;
    private const int MaxTags = 128;
    private const int KeyBytes = 512;
    private const int ArweaveKind = 1;

    /// <summary>Reads a header.</summary>
    /// <exception cref="FormatException">It is malformed.</exception>
    /// <exception cref="GatewayException">It is signed in a way that cannot be verified here.</exception>
    public static DataItem Read(ReadOnlySpan<byte> bytes)
    {
        var rest = bytes;
        var kind = BinaryPrimitives.ReadUInt16LittleEndian(Take(ref rest, 2));
        if (kind != ArweaveKind)
            throw new GatewayException(GatewayFault.Unverifiable, $"the data item is signed with {KindName(kind)}, which cannot be verified here; only Arweave's RSA signatures can");
        var signature = Take(ref rest, KeyBytes).ToArray();
        var owner = Take(ref rest, KeyBytes).ToArray();
        var target = Optional(ref rest);
        var anchor = Optional(ref rest);
        var count = BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8));
        var length = BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8));
        if (count > MaxTags || length > MaxTagBytes)
            throw new FormatException($"a data item has {count} tags in {length} bytes; {MaxTags} in {MaxTagBytes} are allowed");
        var tags = Take(ref rest, (int)length).ToArray();
        return new DataItem(signature, owner, target, anchor, tags, TagList.Read(tags, (int)count), bytes.Length - rest.Length);
    }

    /// <summary>SHA-256 of what the owner signed.</summary>
    public byte[] SignedHash(ReadOnlySpan<byte> dataSha384, long dataLength) => SHA256.HashData(DeepHash.List(
    [
        DeepHash.Blob("dataitem"),
        DeepHash.Blob("1"),
        DeepHash.Blob("1"),
        DeepHash.Blob(Owner),
        DeepHash.Blob(Target),
        DeepHash.Blob(Anchor),
        DeepHash.Blob(RawTags),
        DeepHash.Blob(dataSha384, dataLength),
    ]));

    private static byte[] Optional(ref ReadOnlySpan<byte> bytes) => Take(ref bytes, 1)[0] switch
    {
        0 => [],
        1 => Take(ref bytes, 32).ToArray(),
        _ => throw new FormatException("a data item has a presence byte that is neither 0 nor 1"),
    };

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, int count)
    {
        if (bytes.Length < count)
            throw new FormatException("a data item ends within its header");
        var taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }

    private static string KindName(int kind) => kind switch
    {
        2 => "Ed25519 (kind 2)",
        3 => "an Ethereum key (kind 3)",
        4 => "a Solana key (kind 4)",
        _ => $"a key of kind {kind}",
    };
}
