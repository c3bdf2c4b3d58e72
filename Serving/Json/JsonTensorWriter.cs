using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>
/// Writes tensors as compact JSON that reads back to the same bits. Floats look as Python prints them: always with a point
/// or an exponent, shortest digits for their own format (binary16, bfloat16 and 8-bit floats: the binary32 of the same
/// value), NaN and infinities as bare words. Bool is true and false; complex is <c>[real,imaginary]</c>.
/// </summary>
public static class JsonTensorWriter
{
    private const int MaxEmptyLists = 1 << 20;

    /// <summary>Writes all elements as one list, row-major.</summary>
    public static void WriteFlat(PooledBufferWriter writer, Tensor tensor) => WriteList(writer, tensor, 0, ElementCount(tensor));

    /// <summary>Writes all elements as one list, row-major, floats as Triton prints them: widened to binary64, <c>0.10000000149011612</c>.</summary>
    public static void WriteFlatAsTriton(PooledBufferWriter writer, Tensor tensor)
    {
        writer.WriteByte((byte)'[');
        if (ElementCount(tensor) is > 0 and var count)
            ElementWriters.WriteAsTriton(writer, tensor, 0, count);
        writer.WriteByte((byte)']');
    }

    /// <summary>
    /// Writes all elements as one list, row-major, floats as nlohmann's json prints them: widened to binary64 (<c>0.10000000149011612</c>,
    /// <c>60.0</c>, <c>1e-05</c>), NaN and infinities as null.
    /// </summary>
    public static void WriteFlatAsNlohmann(PooledBufferWriter writer, Tensor tensor)
    {
        writer.WriteByte((byte)'[');
        if (ElementCount(tensor) is > 0 and var count)
            ElementWriters.WriteAsNlohmann(writer, tensor, 0, count);
        writer.WriteByte((byte)']');
    }

    /// <summary>
    /// Writes one list for each item of the first dimension, each flattened: <c>[[…],[…]]</c>. A zero-dimensional tensor is
    /// one list of one value.
    /// </summary>
    public static void WriteRows(PooledBufferWriter writer, Tensor tensor)
    {
        var count = ElementCount(tensor);
        var rows = tensor.Shape.IsEmpty ? 1 : (int)tensor.Shape[0];
        var size = rows == 0 ? 0 : count / rows;
        writer.WriteByte((byte)'[');
        for (var row = 0; row < rows; row++)
        {
            if (row > 0)
                writer.WriteByte((byte)',');
            WriteList(writer, tensor, row * size, size);
        }

        writer.WriteByte((byte)']');
    }

    /// <summary>Writes lists nested as the shape says; a bare value for a zero-dimensional tensor.</summary>
    public static void WriteNested(PooledBufferWriter writer, Tensor tensor)
    {
        if (tensor.Shape.IsEmpty)
            ElementWriters.Write(writer, tensor, 0, 1);
        else
            WriteNested(writer, tensor, dimension: 0, start: 0, ElementCount(tensor));
    }

    /// <summary>Writes the sizes, such as <c>[1,8]</c>.</summary>
    public static void WriteShape(PooledBufferWriter writer, ReadOnlySpan<long> shape)
    {
        writer.WriteByte((byte)'[');
        for (var i = 0; i < shape.Length; i++)
        {
            if (i > 0)
                writer.WriteByte((byte)',');
            JsonScalarWriter.WriteInt64(writer, shape[i]);
        }

        writer.WriteByte((byte)']');
    }

    private static void WriteNested(PooledBufferWriter writer, Tensor tensor, int dimension, int start, int count)
    {
        if (dimension == tensor.Shape.Length - 1)
        {
            WriteList(writer, tensor, start, count);
            return;
        }

        var items = (int)tensor.Shape[dimension];
        var size = items == 0 ? 0 : count / items;
        writer.WriteByte((byte)'[');
        for (var item = 0; item < items; item++)
        {
            if (item > 0)
                writer.WriteByte((byte)',');
            WriteNested(writer, tensor, dimension + 1, start + (item * size), size);
        }

        writer.WriteByte((byte)']');
    }

    private static void WriteList(PooledBufferWriter writer, Tensor tensor, int start, int count)
    {
        writer.WriteByte((byte)'[');
        if (count > 0)
            ElementWriters.Write(writer, tensor, start, count);
        writer.WriteByte((byte)']');
    }

    private static int ElementCount(Tensor tensor)
    {
        if (tensor.ElementCount > int.MaxValue)
            throw new ServingException(ServingError.TooLarge, $"a tensor of {tensor.ElementCount} elements cannot be sent as JSON");
        // Without elements the sizes before the first zero still say how many empty lists to write.
        long lists = 1;
        for (var i = 0; tensor.ElementCount == 0 && tensor.Shape[i] > 0; i++)
        {
            if (tensor.Shape[i] > MaxEmptyLists || (lists *= tensor.Shape[i]) > MaxEmptyLists)
                throw new ServingException(ServingError.TooLarge, $"an empty tensor of shape [{string.Join(',', tensor.Shape.ToArray())}] has too many lists to be sent as JSON");
        }

        return (int)tensor.ElementCount;
    }
}
