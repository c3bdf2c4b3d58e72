using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Granary.Serving.Sources.Arweave;

/// <summary>The hashes that join chunks to a data root: leaves and branches carry where they end. Source: ar_merkle.erl.</summary>
internal static class MerkleTree
{
    public const int HashBytes = 32;
    private const int NoteBytes = 32;

    public static byte[] Leaf(ReadOnlySpan<byte> dataHash, long end) => Join([SHA256.HashData(dataHash), SHA256.HashData(Note(end))]);

    public static byte[] Branch(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, ReadOnlySpan<byte> note) =>
        Join([SHA256.HashData(left), SHA256.HashData(right), SHA256.HashData(note)]);

    /// <summary>The root over leaves in order: pairs are joined level by level, an odd one moves up. Empty for no leaf.</summary>
    public static byte[] Root(IReadOnlyList<(byte[] Id, long End)> leaves)
    {
        if (leaves.Count == 0)
            return [];
        while (leaves.Count > 1)
            leaves = Next(leaves);
        return leaves[0].Id;
    }

    /// <summary>Follows a chunk's proof from the root down.</summary>
    /// <param name="root">The data root.</param>
    /// <param name="size">Length of the whole data in bytes.</param>
    /// <param name="position">A byte of the chunk.</param>
    /// <param name="path">The proof.</param>
    /// <returns>Where the chunk begins and ends and its SHA-256; null when the proof does not hold.</returns>
    public static (long Begin, long End, byte[] DataHash)? Prove(ReadOnlySpan<byte> root, long size, long position, ReadOnlySpan<byte> path)
    {
        var (begin, end) = (0L, size);
        const int BranchBytes = (2 * HashBytes) + NoteBytes;
        while (path.Length >= BranchBytes + HashBytes + NoteBytes)
        {
            var left = path[..HashBytes];
            var right = path[HashBytes..(2 * HashBytes)];
            var note = path[(2 * HashBytes)..BranchBytes];
            if (!Branch(left, right, note).AsSpan().SequenceEqual(root) || Value(note) is not { } split)
                return null;
            root = position < split ? left : right;
            (begin, end) = position < split ? (begin, Math.Min(end, split)) : (Math.Max(begin, split), end);
            path = path[BranchBytes..];
        }

        if (path.Length != HashBytes + NoteBytes || position < begin || position >= end)
            return null;
        var dataHash = path[..HashBytes];
        return Join([SHA256.HashData(dataHash), SHA256.HashData(path[HashBytes..])]).AsSpan().SequenceEqual(root) ? (begin, end, dataHash.ToArray()) : null;
    }

    private static List<(byte[] Id, long End)> Next(IReadOnlyList<(byte[] Id, long End)> level)
    {
        var next = new List<(byte[], long)>((level.Count + 1) / 2);
        for (var i = 0; i < level.Count; i += 2)
        {
            next.Add(i + 1 == level.Count
                ? level[i]
                : (Branch(level[i].Id, level[i + 1].Id, Note(level[i].End)), level[i + 1].End));
        }

        return next;
    }

    private static byte[] Note(long value)
    {
        var note = new byte[NoteBytes];
        BinaryPrimitives.WriteInt64BigEndian(note.AsSpan(NoteBytes - sizeof(long)), value);
        return note;
    }

    // Null for a number that no file is long enough for.
    private static long? Value(ReadOnlySpan<byte> note)
    {
        var value = BinaryPrimitives.ReadInt64BigEndian(note[^sizeof(long)..]);
        return value < 0 || note[..^sizeof(long)].ContainsAnyExcept((byte)0) ? null : value;
    }

    private static byte[] Join(ReadOnlySpan<byte[]> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
            hash.AppendData(part);
        return hash.GetHashAndReset();
    }
}
