using System.Security.Cryptography;

namespace Granary.Serving.Sources.Arweave;

/// <summary>
/// Data roots of content that passes by. Chunks have 256 KiB; uploaders differ in how they end: arweave-js halves the last two
/// when the last would have less than 32 KiB, and adds an empty leaf when the length is a multiple of 256 KiB; others do neither.
/// The end is kept until it is whole, and every form that is in use is a root of the content.
/// </summary>
internal sealed class DataRootHasher(long size) : IDisposable
{
    public const int MaxChunkBytes = 256 << 10;
    public const int MinChunkBytes = 32 << 10;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<(byte[] Id, long End)> _leaves = [];
    // The last chunk and a rest have less than two chunks together, whichever way they are cut.
    private readonly byte[] _tail = new byte[size - TailStart(size)];
    private long _position;

    /// <summary>Whether as much passed by as was announced.</summary>
    public bool IsWhole => _position == size;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (_position < TailStart(size) && !bytes.IsEmpty)
        {
            var left = MaxChunkBytes - (int)(_position % MaxChunkBytes);
            var part = bytes[..Math.Min(left, bytes.Length)];
            _hash.AppendData(part);
            _position += part.Length;
            bytes = bytes[part.Length..];
            if (part.Length == left)
                _leaves.Add((MerkleTree.Leaf(_hash.GetHashAndReset(), _position), _position));
        }

        if (bytes.IsEmpty)
            return;
        // More than was announced is no content of this root; the length gives it away.
        var room = _tail.AsSpan((int)Math.Min(_position - TailStart(size), _tail.Length)..);
        bytes[..Math.Min(bytes.Length, room.Length)].CopyTo(room);
        _position += bytes.Length;
    }

    public void Restart()
    {
        _hash.GetHashAndReset();
        _leaves.Clear();
        _position = 0;
    }

    /// <summary>Whether the content that passed by has this data root.</summary>
    public bool Matches(ReadOnlySpan<byte> dataRoot)
    {
        if (!IsWhole)
            return false;
        foreach (var cuts in Cuts(_tail.Length))
        {
            if (Root(cuts).AsSpan().SequenceEqual(dataRoot))
                return true;
        }

        return false;
    }

    public void Dispose() => _hash.Dispose();

    private static long TailStart(long size) => Math.Max(0, (size / MaxChunkBytes) - 1) * MaxChunkBytes;

    private static IEnumerable<int[]> Cuts(int tail)
    {
        if (tail == 0)
        {
            yield return [];
        }
        else if (tail < MaxChunkBytes)
        {
            yield return [tail];
        }
        else if (tail == MaxChunkBytes)
        {
            yield return [tail, 0];
            yield return [tail];
        }
        else
        {
            var rest = tail - MaxChunkBytes;
            if (rest < MinChunkBytes)
                yield return [(tail + 1) / 2, tail / 2];
            yield return [MaxChunkBytes, rest];
        }
    }

    private byte[] Root(int[] cuts)
    {
        var leaves = new List<(byte[], long)>(_leaves);
        var begin = 0;
        foreach (var length in cuts)
        {
            var hash = SHA256.HashData(_tail.AsSpan(begin, length));
            begin += length;
            leaves.Add((MerkleTree.Leaf(hash, TailStart(size) + begin), TailStart(size) + begin));
        }

        return MerkleTree.Root(leaves);
    }
}
