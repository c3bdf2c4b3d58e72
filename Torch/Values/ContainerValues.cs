namespace Granary.Torch;

/// <summary>TorchScript <c>List[T]</c>. The element type of an argument comes from the method's schema.</summary>
public sealed class ListValue(IReadOnlyList<Value> items) : Value
{
    /// <summary>The elements in order.</summary>
    public IReadOnlyList<Value> Items { get; } = items;

    /// <inheritdoc/>
    public override string Kind => "List";

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var item in Items)
            item.Dispose();
    }
}

/// <summary>TorchScript <c>Tuple[...]</c> or <c>NamedTuple</c>.</summary>
public sealed class TupleValue(IReadOnlyList<Value> items, string? typeName = null, IReadOnlyList<string>? names = null) : Value
{
    /// <summary>The elements in order.</summary>
    public IReadOnlyList<Value> Items { get; } = items;

    /// <summary>The class name of a NamedTuple, without its module; null for a plain tuple.</summary>
    public string? TypeName { get; } = typeName;

    /// <summary>The field names of a NamedTuple, as many as <see cref="Items"/>; null for a plain tuple.</summary>
    public IReadOnlyList<string>? Names { get; } = names;

    /// <inheritdoc/>
    public override string Kind => Names is null ? "Tuple" : "NamedTuple";

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var item in Items)
            item.Dispose();
    }
}

/// <summary>TorchScript <c>Dict[K, V]</c> in insertion order; keys are str, int, float, bool, complex or Tensor values.</summary>
public sealed class DictValue(IReadOnlyList<KeyValuePair<Value, Value>> entries) : Value
{
    /// <summary>The entries in insertion order.</summary>
    public IReadOnlyList<KeyValuePair<Value, Value>> Entries { get; } = entries;

    /// <inheritdoc/>
    public override string Kind => "Dict";

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var (key, value) in Entries)
        {
            key.Dispose();
            value.Dispose();
        }
    }
}
