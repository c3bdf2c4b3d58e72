using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>Takes the batch dimension away from answers to one row.</summary>
internal static class Rows
{
    /// <summary>The first row of every tensor inside, as a view that owns nothing; what has no rows stays.</summary>
    public static Value First(Value value) => value switch
    {
        Tensor { Shape: [1, ..] } tensor => First(tensor),
        TupleValue tuple => new TupleValue(First(tuple.Items), tuple.TypeName, tuple.Names),
        ListValue list => new ListValue(First(list.Items)),
        DictValue dict => new DictValue([.. dict.Entries.Select(static entry => KeyValuePair.Create(entry.Key, First(entry.Value)))]),
        _ => value,
    };

    private static Tensor First(Tensor tensor) => new(tensor.DType, tensor.Shape[1..].ToArray(), tensor.Data, owner: null);

    private static Value[] First(IReadOnlyList<Value> items)
    {
        var rows = new Value[items.Count];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = First(items[i]);
        return rows;
    }
}
