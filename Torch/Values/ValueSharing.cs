namespace Granary.Torch;

/// <summary>Copies the structure of a value while its tensors share their memory.</summary>
public static class ValueSharing
{
    /// <summary>A value that may outlive <paramref name="value"/>; see <see cref="Tensor.Share"/>.</summary>
    public static Value Share(this Value value) => value switch
    {
        Tensor tensor => tensor.Share(),
        ListValue list => new ListValue(Share(list.Items)),
        TupleValue tuple => new TupleValue(Share(tuple.Items), tuple.TypeName, tuple.Names),
        DictValue dict => new DictValue(dict.Entries.Select(entry => KeyValuePair.Create(entry.Key.Share(), entry.Value.Share())).ToArray()),
        _ => value,
    };

    private static Value[] Share(IReadOnlyList<Value> items)
    {
        var shared = new Value[items.Count];
        for (var i = 0; i < shared.Length; i++)
            shared[i] = items[i].Share();
        return shared;
    }
}
