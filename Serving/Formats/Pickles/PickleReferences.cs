namespace Granary.Serving.Formats.Pickles;

/// <summary>What torch puts beside its pickle and refers to: storages, and in files from before PyTorch 1.6 the sources of classes.</summary>
internal sealed class PickleReferences(PickleBudget budget)
{
    private readonly Dictionary<string, PickledStorage> _storages = [];

    /// <summary>The storage with a key; null when the pickle refers to none.</summary>
    public PickledStorage? Find(string key) => _storages.GetValueOrDefault(key);

    /// <summary>The value behind a persistent id, as <c>torch.serialization</c> writes them.</summary>
    /// <exception cref="PickleException">It is of another form.</exception>
    public object Resolve(object? id) => id switch
    {
        // The source of a class is ignored: only its name counts.
        object?[] { Length: 4 } module when module[0] is "module" && module[1] is PickledGlobal type => type,
        object?[] { Length: 5 or 6 } storage when storage[0] is "storage" => Storage(storage),
        _ => throw PickleException.Refused("refers to something beside its pickle that is not a storage of PyTorch"),
    };

    private PickledStorage Storage(object?[] id)
    {
        if (id[1] is not PickledGlobal type || !PickledStorage.TryType(type.FullName, out var dtype))
            throw PickleException.Refused($"has a storage of the type {PickleFill.NameOf(id[1])}, which is not one of PyTorch that is read");
        if (id[2] is not string { Length: > 0 and <= PickleLimits.NameLength } key || id[3] is not string || id[4] is not long count)
            throw PickleException.Damaged("its pickle describes a storage wrongly");
        if (count is < 0 or > long.MaxValue / 16)
            throw PickleException.Damaged($"its pickle claims a storage of {count} elements");
        budget.Charge(160);
        var whole = new PickledStorage(key, dtype, count, 0, count);
        // All tensors in one block must agree about it.
        if (!_storages.TryAdd(key, whole) && _storages[key] != whole)
            throw PickleException.Damaged($"its pickle describes the storage '{PrintableText.Of(key, 40)}' in two ways");
        if (id.Length == 5 || id[5] is null)
            return _storages[key];
        if (id[5] is not object?[] { Length: 3 } view || view[1] is not long offset || view[2] is not long length
            || offset < 0 || length < 0 || offset > count || length > count - offset)
            throw PickleException.Damaged("its pickle describes a part of a storage that is not in it");
        return whole with { Offset = offset, ViewCount = length };
    }
}
