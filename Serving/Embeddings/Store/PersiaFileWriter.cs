using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Granary.Serving.Embeddings.Store;

/// <summary>Writes files as Persia does: for tools, benches and tests. Dispose it to end the file. Not thread-safe.</summary>
public sealed class PersiaFileWriter : IDisposable
{
    private readonly Stream _stream;
    private readonly PersiaFormat _format;
    private readonly bool _isPacket;
    private readonly long _count;
    private readonly long _nodes;
    private readonly ulong _unixSeconds;
    private byte[] _buffer = new byte[256];
    private long _written;

    private PersiaFileWriter(Stream stream, PersiaFormat format, bool isPacket, long count, long nodes, ulong unixSeconds)
    {
        (_stream, _format, _isPacket, _count, _nodes, _unixSeconds) = (stream, format, isPacket, count, nodes, unixSeconds);
        if (isPacket)
            WriteUInt32s(format == PersiaFormat.V0 ? [1, (uint)count] : [(uint)count]);
        else if (format == PersiaFormat.V0)
            WriteUInt32s([0, (uint)count]);
        else
            WriteUInt32s([(uint)count, 0, count == 0 ? 0u : 1, (uint)count, nodes > count ? (uint)count + 1 : 0, (uint)nodes, (uint)nodes]);
    }

    /// <summary>A file of a checkpoint (<c>.emb</c>).</summary>
    /// <param name="stream">Gets the bytes; stays open.</param>
    /// <param name="format">Of which generation.</param>
    /// <param name="count">Entries that will be added, least recently used first.</param>
    /// <param name="capacity">Nodes of the list with those that are not in use; only in the current form.</param>
    public static PersiaFileWriter Checkpoint(Stream stream, PersiaFormat format, long count, long capacity) => new(stream, format, false, count, Math.Max(count, capacity), 0);

    /// <summary>An incremental packet (<c>.inc</c>).</summary>
    /// <param name="stream">Gets the bytes; stays open.</param>
    /// <param name="format">Of which generation.</param>
    /// <param name="count">Entries that will be added.</param>
    /// <param name="unixSeconds">When.</param>
    public static PersiaFileWriter Packet(Stream stream, PersiaFormat format, long count, ulong unixSeconds) => new(stream, format, true, count, count, unixSeconds);

    /// <summary>Writes the markers of a complete checkpoint: in the directory and in its folders, which are there.</summary>
    /// <param name="directory">Of the checkpoint.</param>
    /// <param name="shards">Folders.</param>
    /// <param name="files">Files in each.</param>
    /// <param name="written">When it was done; null for the early form, whose markers are empty.</param>
    public static void WriteMarkers(string directory, int shards, int files, DateTimeOffset? written)
    {
        var text = written is { } time
            ? string.Create(CultureInfo.InvariantCulture, $"---\nnum_shards: {shards}\nnum_internal_shards: {files}\ndatetime:\n  secs_since_epoch: {time.ToUnixTimeSeconds()}\n  nanos_since_epoch: 0\n")
            : "";
        for (var i = 0; i < shards; i++)
            File.WriteAllText(Path.Combine(directory, $"s{i}", SparseCheckpoint.Marker), text);
        File.WriteAllText(Path.Combine(directory, SparseCheckpoint.Marker), text);
    }

    /// <summary>Adds an entry.</summary>
    /// <param name="sign">Prefixed.</param>
    /// <param name="row">The embedding.</param>
    /// <param name="state">What the optimizer keeps; packets of the early form have none.</param>
    /// <exception cref="InvalidOperationException">There are more than was said.</exception>
    public void Add(ulong sign, ReadOnlySpan<float> row, ReadOnlySpan<float> state = default)
    {
        if (_written == _count)
            throw new InvalidOperationException($"only {_count} entries were announced");
        _written++;
        var isNode = !_isPacket && _format == PersiaFormat.V2;
        if (isNode)
        {
            WriteUInt32s([_written == _count ? 0u : (uint)_written + 1, (uint)_written - 1]);
            _stream.WriteByte(1);
        }

        if (_format == PersiaFormat.V0)
            WriteUInt64(sign);
        if (_format == PersiaFormat.V0 && _isPacket)
        {
            WriteFloats(row, default);
            return;
        }

        WriteFloats(row, state);
        WriteUInt64((ulong)row.Length);
        if (_format == PersiaFormat.V2)
            WriteUInt64(sign);
    }

    /// <summary>Writes what stands behind the entries. Safe to call twice.</summary>
    public void Dispose()
    {
        if (_buffer.Length == 0)
            return;
        if (_isPacket)
            WriteUInt64(_unixSeconds);
        else if (_format == PersiaFormat.V2)
            WriteUnused();
        _buffer = [];
    }

    private void WriteUnused()
    {
        Span<byte> node = stackalloc byte[(2 * sizeof(uint)) + 1];
        node.Clear();
        for (var i = _count; i < _nodes; i++)
            _stream.Write(node);
    }

    private void WriteFloats(ReadOnlySpan<float> row, ReadOnlySpan<float> state)
    {
        WriteUInt32s([(uint)(row.Length + state.Length)]);
        _stream.Write(MemoryMarshal.AsBytes(row));
        _stream.Write(MemoryMarshal.AsBytes(state));
    }

    private void WriteUInt32s(ReadOnlySpan<uint> values)
    {
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(i * sizeof(uint)), values[i]);
        _stream.Write(_buffer, 0, values.Length * sizeof(uint));
    }

    private void WriteUInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer, value);
        _stream.Write(_buffer, 0, sizeof(ulong));
    }
}
