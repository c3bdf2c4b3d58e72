using Granary.Torch;

namespace Granary.Serving.Activations;

/// <summary>
/// Joins the rows of several requests into one set of arguments: tensors, and dictionaries of tensors by name. Dimension 0 of every
/// tensor is the batch. Lists are not joined, because what they hold are as often samples as batches.
/// </summary>
internal static class BatchJoiner
{
    /// <summary>Joined arguments stay below what one tensor can hold.</summary>
    private const long MaxJoinedBytes = 1L << 30;

    /// <summary>Rows of a request that may be joined; 0 when it must run alone.</summary>
    public static int RowsOf(IReadOnlyList<Argument> arguments, int maxRows)
    {
        long rows = 0;
        foreach (ref readonly var argument in arguments.AsSpan())
        {
            if (!Agrees(argument.Value, maxRows, ref rows))
                return 0;
        }

        return (int)rows;
    }

    /// <summary>Whether two joinable requests may share a call: same method, names, dtypes and trailing shapes.</summary>
    public static bool Match(QueuedCall first, QueuedCall second)
    {
        if (first.Rows == 0 || second.Rows == 0 || first.Request.Method != second.Request.Method)
            return false;
        var left = first.Arguments.AsSpan();
        var right = second.Arguments.AsSpan();
        if (left.Length != right.Length)
            return false;
        for (var i = 0; i < left.Length; i++)
        {
            if (left[i].Name != right[i].Name || !Match(left[i].Value, right[i].Value))
                return false;
        }

        return true;
    }

    /// <summary>Copies the inputs of a chain of matching calls, in order, into pooled tensors that the caller disposes.</summary>
    public static Argument[] Join(QueuedCall first, int rows)
    {
        var pattern = first.Arguments.AsSpan();
        var joined = new Argument[pattern.Length];
        for (var i = 0; i < joined.Length; i++)
            joined[i] = new Argument(pattern[i].Name, Join(first, i, rows));
        return joined;
    }

    private static bool Agrees(Value value, int maxRows, ref long rows)
    {
        if (value is DictValue dict)
        {
            foreach (var (key, entry) in dict.Entries)
            {
                if (key is not StringValue name || entry is not Tensor || Find(dict, name.Text) != entry || !Agrees(entry, maxRows, ref rows))
                    return false;
            }

            return rows > 0;
        }

        if (value is not Tensor { Shape.Length: > 0 } tensor || tensor.ByteLength > MaxJoinedBytes / maxRows)
            return false;
        if (rows != 0 && tensor.Shape[0] != rows)
            return false;
        rows = tensor.Shape[0];
        return rows > 0 && rows <= maxRows;
    }

    private static bool Match(Value left, Value right)
    {
        if (left is Tensor a && right is Tensor b)
            return a.DType == b.DType && a.Shape[1..].SequenceEqual(b.Shape[1..]);
        if (left is not DictValue x || right is not DictValue y || x.Entries.Count != y.Entries.Count)
            return false;
        foreach (var (key, value) in x.Entries)
        {
            if (Find(y, ((StringValue)key).Text) is not { } other || !Match(value, other))
                return false;
        }

        return true;
    }

    private static Value Join(QueuedCall first, int argument, int rows)
    {
        var value = first.Arguments.AsSpan()[argument].Value;
        if (value is not DictValue dict)
            return Join((Tensor)value, first, argument, null, rows);
        var entries = new KeyValuePair<Value, Value>[dict.Entries.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var (key, tensor) = dict.Entries[i];
            entries[i] = KeyValuePair.Create<Value, Value>(key, Join((Tensor)tensor, first, argument, ((StringValue)key).Text, rows));
        }

        return new DictValue(entries);
    }

    private static Tensor Join(Tensor pattern, QueuedCall first, int argument, string? key, int rows)
    {
        var shape = pattern.Shape.ToArray();
        shape[0] = rows;
        var tensor = Tensor.Rent(pattern.DType, shape);
        var rest = tensor.Bytes;
        for (var call = first; call is not null; call = call.Next)
        {
            var value = call.Arguments.AsSpan()[argument].Value;
            var part = ((Tensor)(key is null ? value : Find((DictValue)value, key)!)).Bytes;
            part.CopyTo(rest);
            rest = rest[part.Length..];
        }

        return tensor;
    }

    private static Value? Find(DictValue dict, string key)
    {
        foreach (var (name, value) in dict.Entries)
        {
            if (name is StringValue text && text.Text == key)
                return value;
        }

        return null;
    }
}
