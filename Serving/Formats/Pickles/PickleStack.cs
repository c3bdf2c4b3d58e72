namespace Granary.Serving.Formats.Pickles;

/// <summary>The values that a pickle is working on, and where its open containers begin.</summary>
internal sealed class PickleStack(PickleBudget budget)
{
    private readonly List<int> _marks = [];
    private object?[] _items = new object?[64];
    private int _count;

    /// <summary>The first item that may be taken: what lies below a mark belongs to an outer container.</summary>
    private int Floor => _marks.Count == 0 ? 0 : _marks[^1];

    public void Push(object? item)
    {
        if (_count == _items.Length)
        {
            budget.Charge(16L * _items.Length);
            Array.Resize(ref _items, _items.Length * 2);
        }

        _items[_count++] = item;
    }

    public object? Pop()
    {
        if (_count <= Floor)
            throw Empty();
        var item = _items[--_count];
        _items[_count] = null;
        return item;
    }

    public object? Peek() => _count > Floor ? _items[_count - 1] : throw Empty();

    /// <summary>The value of the whole pickle.</summary>
    public object? PopLast()
    {
        if (_marks.Count > 0 || _count != 1)
            throw PickleException.Damaged("its pickle ends before its value is complete");
        return Pop();
    }

    public void Mark()
    {
        if (_marks.Count >= PickleLimits.OpenMarks)
            throw PickleException.Refused($"nests deeper than {PickleLimits.OpenMarks} levels");
        _marks.Add(_count);
    }

    /// <summary>What was pushed since the last mark; nothing when it is only to be dropped.</summary>
    public object?[] PopMark(bool discard = false)
    {
        if (_marks.Count == 0)
            throw Empty();
        var items = _items.AsSpan(_marks[^1], _count - _marks[^1]);
        object?[] tuple = discard || items.IsEmpty ? Boxes.EmptyTuple : Copy(items);
        _count = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        items.Clear();
        return tuple;
    }

    public object?[] PopTuple(int length)
    {
        if (_count - length < Floor)
            throw Empty();
        var items = _items.AsSpan(_count - length, length);
        var tuple = Copy(items);
        _count -= length;
        items.Clear();
        return tuple;
    }

    private object?[] Copy(ReadOnlySpan<object?> items)
    {
        budget.Charge(24 + (8L * items.Length));
        return items.ToArray();
    }

    private static PickleException Empty() => PickleException.Damaged("its pickle takes more values than it has");
}
