using Granary.Torch;

namespace Granary.Serving.Activations;

/// <summary>Joins the rows of several requests into one set of arguments. Dimension 0 of every tensor is the batch.</summary>
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
            if (argument.Value is not Tensor { Shape.Length: > 0 } tensor || tensor.ByteLength > MaxJoinedBytes / maxRows)
                return 0;
            if (rows != 0 && tensor.Shape[0] != rows)
                return 0;
            rows = tensor.Shape[0];
            if (rows == 0 || rows > maxRows)
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
            var a = (Tensor)left[i].Value;
            var b = (Tensor)right[i].Value;
            if (left[i].Name != right[i].Name || a.DType != b.DType || !a.Shape[1..].SequenceEqual(b.Shape[1..]))
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
        {
            var shape = ((Tensor)pattern[i].Value).Shape.ToArray();
            shape[0] = rows;
            var tensor = Tensor.Rent(((Tensor)pattern[i].Value).DType, shape);
            joined[i] = new Argument(pattern[i].Name, tensor);
            var rest = tensor.Bytes;
            for (var call = first; call is not null; call = call.Next)
            {
                var part = ((Tensor)call.Arguments.AsSpan()[i].Value).Bytes;
                part.CopyTo(rest);
                rest = rest[part.Length..];
            }
        }

        return joined;
    }
}
