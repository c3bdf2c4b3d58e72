using Granary.Torch;

namespace Granary.Serving.Activations;

/// <summary>Cuts the outputs of a batched call into views of each request's rows, without copying.</summary>
internal static class BatchSplitter
{
    /// <summary>Whether every tensor inside has <paramref name="rows"/> rows and nothing else would have to be shared.</summary>
    public static bool CanSplit(Value value, int rows) => value switch
    {
        Tensor tensor => tensor.Shape.Length > 0 && tensor.Shape[0] == rows,
        TupleValue tuple => CanSplit(tuple.Items, rows),
        ListValue list => CanSplit(list.Items, rows),
        DictValue dict => CanSplit(dict, rows),
        NoneValue => true,
        _ => false,
    };

    /// <summary>A view of <paramref name="count"/> rows from <paramref name="start"/>; owns nothing.</summary>
    public static Value Slice(Value value, int start, int count) => value switch
    {
        Tensor tensor => Slice(tensor, start, count),
        TupleValue tuple => new TupleValue(Slice(tuple.Items, start, count), tuple.TypeName, tuple.Names),
        ListValue list => new ListValue(Slice(list.Items, start, count)),
        DictValue dict => Slice(dict, start, count),
        _ => value,
    };

    private static bool CanSplit(IReadOnlyList<Value> items, int rows)
    {
        foreach (var item in items)
        {
            if (!CanSplit(item, rows))
                return false;
        }

        return true;
    }

    private static bool CanSplit(DictValue dict, int rows)
    {
        foreach (var (key, value) in dict.Entries)
        {
            if (key is Tensor || !CanSplit(value, rows))
                return false;
        }

        return true;
    }

    private static Tensor Slice(Tensor tensor, int start, int count)
    {
        var shape = tensor.Shape.ToArray();
        var rowBytes = tensor.ByteLength / shape[0];
        shape[0] = count;
        return new Tensor(tensor.DType, shape, tensor.Data + (nint)(start * rowBytes), owner: null);
    }

    private static Value[] Slice(IReadOnlyList<Value> items, int start, int count)
    {
        var slices = new Value[items.Count];
        for (var i = 0; i < slices.Length; i++)
            slices[i] = Slice(items[i], start, count);
        return slices;
    }

    private static DictValue Slice(DictValue dict, int start, int count)
    {
        var entries = new KeyValuePair<Value, Value>[dict.Entries.Count];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = KeyValuePair.Create(dict.Entries[i].Key, Slice(dict.Entries[i].Value, start, count));
        return new DictValue(entries);
    }
}
