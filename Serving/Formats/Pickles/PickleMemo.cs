namespace Granary.Serving.Formats.Pickles;

/// <summary>Values that a pickle refers to again by number.</summary>
internal sealed class PickleMemo(PickleBudget budget)
{
    private readonly List<object?> _items = [];

    public int Count => _items.Count;

    public void Put(long index, object? item)
    {
        if (index < _items.Count)
        {
            _items[(int)index] = item;
            return;
        }

        // Every pickler counts up; a gap would let a short file ask for a long table.
        if (index > _items.Count)
            throw PickleException.Refused($"holds a pickle that numbers a value {index} when it has only {_items.Count}");
        budget.Charge(24);
        _items.Add(item);
    }

    public object? Get(long index) => index < _items.Count ? _items[(int)index] : throw PickleException.Damaged($"its pickle refers to a value {index} that it does not have");
}
