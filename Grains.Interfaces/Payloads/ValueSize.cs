using System.Numerics;
using System.Text;
using Granary.Torch;

namespace Granary.Grains.Interfaces.Payloads;

/// <summary>Encoded length of a value, so that it can be written behind its length without a detour through a buffer.</summary>
internal static class ValueSize
{
    public static long Of(Value value) => 1 + value switch
    {
        NoneValue or BoolValue => 0,
        Tensor tensor => OfTensor(tensor),
        IntValue or DoubleValue => 8,
        ComplexValue => 16,
        StringValue text => OfText(text.Text),
        ListValue list => OfItems(list.Items),
        TupleValue { Names: { } names } tuple => OfText(tuple.TypeName ?? "") + OfItems(tuple.Items) + OfTexts(names),
        TupleValue tuple => OfItems(tuple.Items),
        DictValue dict => OfEntries(dict),
        _ => throw new InvalidOperationException($"a {value.Kind} cannot cross machines"),
    };

    /// <summary>Bytes of <paramref name="number"/> as a base-128 variable-length integer.</summary>
    public static int OfVarInt(ulong number) => number == 0 ? 1 : (BitOperations.Log2(number) / 7) + 1;

    private static long OfTensor(Tensor tensor)
    {
        long size = 1 + OfVarInt((ulong)tensor.Shape.Length) + tensor.ByteLength;
        foreach (var dimension in tensor.Shape)
            size += OfVarInt((ulong)dimension);
        return size;
    }

    private static long OfText(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        return OfVarInt((ulong)bytes) + bytes;
    }

    private static long OfTexts(IReadOnlyList<string> texts)
    {
        long size = 0;
        for (var i = 0; i < texts.Count; i++)
            size += OfText(texts[i]);
        return size;
    }

    private static long OfItems(IReadOnlyList<Value> items)
    {
        long size = OfVarInt((ulong)items.Count);
        for (var i = 0; i < items.Count; i++)
            size += Of(items[i]);
        return size;
    }

    private static long OfEntries(DictValue dict)
    {
        long size = OfVarInt((ulong)dict.Entries.Count);
        foreach (var (key, value) in dict.Entries)
            size += Of(key) + Of(value);
        return size;
    }
}
