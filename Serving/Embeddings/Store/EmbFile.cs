using System.Collections;

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// One file of a sparse checkpoint. The current form is an array of list nodes, most of which may be unused; the list runs from the
/// least to the most recently used. The early form is a plain list. Both are read as a stream.
/// Source: PersiaML/PERSIA, <c>rust/persia-embedding-holder/src/array_linked_list.rs</c>.
/// </summary>
internal static class EmbFile
{
    private const int NodeBytes = sizeof(uint) + sizeof(uint) + 1;
    private const int HeadBytes = sizeof(ulong) + (5 * sizeof(uint));
    private const int HeadBytesV0 = sizeof(uint) + sizeof(uint);
    private const int LeastBytesV0 = EntryReader.LeastBytes;
    private const int CheckEvery = 4096;

    /// <summary>How many entries a file says that it has.</summary>
    /// <param name="file">At its beginning; is rewound.</param>
    /// <param name="format">Which form it has.</param>
    public static long ReadCount(FileCursor file, out PersiaFormat format)
    {
        if (file.Length < HeadBytesV0)
            throw new DamagedFileException(file.Length, $"the file ends after {file.Length} bytes");
        var first = file.ReadUInt32();
        var second = file.ReadUInt32();
        file.Rewind();
        // The early form begins with tag 0. An empty one has nothing more; the current one has, whatever its count.
        format = first == 0 && (second != 0 || file.Length < HeadBytes) ? PersiaFormat.V0 : PersiaFormat.V2;
        return format == PersiaFormat.V0 ? second : (long)Math.Min(((ulong)second << 32) | first, long.MaxValue);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="file">At its beginning.</param>
    /// <param name="sink">Gets the entries.</param>
    /// <param name="most">How many at most; of more, the most recently used.</param>
    /// <param name="cancellationToken">Stops between entries.</param>
    public static void Read(FileCursor file, EntrySink sink, long most, CancellationToken cancellationToken)
    {
        var count = ReadCount(file, out var format);
        if (format == PersiaFormat.V0)
        {
            ReadV0(file, sink, count - most, cancellationToken);
            return;
        }

        var old = count > most ? FindOldest(file, count - most, cancellationToken) : null;
        file.Rewind();
        ReadV2(file, sink, old, cancellationToken);
    }

    // That list was made of a hash map: its order says nothing. The last ones stay.
    private static void ReadV0(FileCursor file, EntrySink sink, long skip, CancellationToken cancellationToken)
    {
        file.ReadUInt32();
        var count = file.ReadCount(LeastBytesV0);
        var none = new EntrySink();
        for (var i = 0u; i < count; i++)
        {
            if (i % CheckEvery == 0)
                cancellationToken.ThrowIfCancellationRequested();
            EntryReader.ReadV0(file, i < skip ? none : sink);
        }

        file.End();
    }

    private static void ReadV2(FileCursor file, EntrySink sink, BitArray? skip, CancellationToken cancellationToken)
    {
        var (count, _, nodes) = ReadHead(file);
        var none = new EntrySink();
        var found = 0u;
        for (var i = 0u; i < nodes; i++)
        {
            if (i % CheckEvery == 0)
                cancellationToken.ThrowIfCancellationRequested();
            if (!ReadNode(file, nodes, out _))
                continue;
            found++;
            EntryReader.ReadV2(file, skip is not null && skip[(int)i] ? none : sink);
        }

        if (found != count)
            throw new DamagedFileException(0, $"the file says that it has {count} entries and has {found}");
        file.End();
    }

    // Reads the links of the whole file, four bytes a node, and follows them from the least recently used on.
    private static BitArray FindOldest(FileCursor file, long oldest, CancellationToken cancellationToken)
    {
        var (count, first, nodes) = ReadHead(file);
        if (nodes > Array.MaxLength)
            throw new DamagedFileException(0, $"the file has {nodes} nodes; to keep the most recent of them, at most {Array.MaxLength} can be read");
        var next = new uint[nodes];
        var used = new BitArray((int)nodes);
        var none = new EntrySink();
        for (var i = 0u; i < nodes; i++)
        {
            if (i % CheckEvery == 0)
                cancellationToken.ThrowIfCancellationRequested();
            used[(int)i] = ReadNode(file, nodes, out next[i]);
            if (used[(int)i])
                EntryReader.ReadV2(file, none);
        }

        var old = new BitArray((int)nodes);
        var at = first;
        for (long i = 0; i < Math.Min(oldest, count); i++)
        {
            if (at == 0 || !used[(int)at - 1] || old[(int)at - 1])
                throw new DamagedFileException(0, $"the list of the least recently used breaks off after {i} of {count} entries");
            old[(int)at - 1] = true;
            at = next[at - 1];
        }

        return old;
    }

    private static (uint Count, uint First, uint Nodes) ReadHead(FileCursor file)
    {
        var count = file.ReadUInt64();
        Span<uint> links = stackalloc uint[4];
        foreach (ref var link in links)
            link = file.ReadUInt32();
        var offset = file.Offset;
        var nodes = file.ReadCount(NodeBytes);
        if (count > nodes)
            throw new DamagedFileException(0, $"the file says that it has {count} entries in {nodes} nodes");
        foreach (var link in links)
        {
            if (link > (ulong)nodes + 1)
                throw new DamagedFileException(offset, $"a link leads to node {link} of {nodes}");
        }

        if (links[0] > nodes)
            throw new DamagedFileException(offset, $"the list begins at node {links[0]} of {nodes}");
        return ((uint)count, links[0], nodes);
    }

    /// <returns>Whether an entry follows.</returns>
    private static bool ReadNode(FileCursor file, uint nodes, out uint next)
    {
        var offset = file.Offset;
        next = file.ReadUInt32();
        var previous = file.ReadUInt32();
        var flag = file.Take(1)[0];
        if (next > nodes || previous > nodes)
            throw new DamagedFileException(offset, $"a link leads to node {Math.Max(next, previous)} of {nodes}");
        return flag <= 1 ? flag == 1 : throw new DamagedFileException(offset + NodeBytes - 1, $"a flag is {flag}; expected 0 or 1");
    }
}
