using System.Buffers.Binary;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles;

/// <summary>
/// The form from before PyTorch 1.6, and of <c>_use_new_zipfile_serialization=False</c>: pickles of a magic number, a version, facts
/// about the machine, the value and the keys of the storages; then for each key its number of elements and the elements.
/// Source: <c>torch/serialization.py</c>, <c>_legacy_save</c> and <c>_legacy_load</c>.
/// </summary>
internal sealed class LegacyPickle : IPickledFile
{
    private const int Version = 1001;
    private readonly Dictionary<string, (long Offset, long Count)> _storages = [];
    private readonly PickleReferences _references;

    private LegacyPickle(Stream stream)
    {
        var start = new byte[(int)Math.Min(stream.Length, PickleLimits.PickleBytes)];
        stream.Position = 0;
        stream.ReadExactly(start);
        Budget = new PickleBudget(start.Length);
        _references = new PickleReferences(Budget);
        var cursor = new PickleCursor(start);
        cursor.Take(LegacyMagic.LengthIn(start));
        if (Next(cursor) is not long version || version != Version)
            throw PickleException.Refused("was written by torch.save in a version of its old format that is not read");
        if (Next(cursor) is not PickledDict facts || facts.Find("little_endian") is not true)
            throw PickleException.Refused("was written on a big-endian machine");
        Root = Next(cursor);
        var keys = Next(cursor) as List<object?> ?? throw PickleException.Damaged("the list of its storages is missing");
        FindStorages(stream, keys, cursor.Position);
    }

    public object? Root { get; }

    public PickleBudget Budget { get; }

    /// <summary>Reads the value of a file.</summary>
    /// <exception cref="PickleException">The file is damaged or holds what is not read.</exception>
    public static LegacyPickle Read(Stream stream) => new(stream);

    public long Locate(PickledStorage storage)
    {
        if (!_storages.TryGetValue(storage.Key, out var place))
            throw PickleException.Damaged($"it has no storage '{PrintableText.Of(storage.Key, 40)}'");
        if (place.Count < storage.Count)
            throw PickleException.Damaged($"its storage '{PrintableText.Of(storage.Key, 40)}' has {place.Count} elements, but its pickle claims {storage.Count}");
        return place.Offset;
    }

    private object? Next(PickleCursor cursor) => new PickleMachine(cursor, _references, Budget).Run();

    private void FindStorages(Stream stream, List<object?> keys, long position)
    {
        var header = new byte[sizeof(long)];
        foreach (var item in keys)
        {
            if (item is not string key || _references.Find(key) is not { } storage)
                throw PickleException.Damaged("it has a storage that its pickle does not know");
            if (position > stream.Length - header.Length)
                throw PickleException.Damaged("it ends before its storages do");
            stream.Position = position;
            stream.ReadExactly(header);
            var count = BinaryPrimitives.ReadInt64LittleEndian(header);
            position += header.Length;
            var element = storage.DType?.ElementSize() ?? 1;
            if (count < 0 || count > (stream.Length - position) / element)
                throw PickleException.Damaged($"it ends before its storage '{PrintableText.Of(key, 40)}' does");
            if (!_storages.TryAdd(key, (position, count)))
                throw PickleException.Damaged($"it has two storages '{PrintableText.Of(key, 40)}'");
            position += count * element;
        }
    }
}
