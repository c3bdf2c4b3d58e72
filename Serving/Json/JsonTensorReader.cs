using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>
/// Reads JSON values straight into pooled tensors; the caller disposes them. Values of every dtype:
/// floats from numbers, NaN, Infinity and -Infinity; integers from whole numbers (<c>3.0</c> is whole) within the dtype's
/// range; bool from true, false, 1 and 0; true and false are 1 and 0 in every other dtype. A complex element is a number,
/// a list <c>[real, imaginary]</c> or a string such as <c>"(1+2j)"</c>.
/// </summary>
public static class JsonTensorReader
{
    private const int MaxRank = 64;

    /// <summary>Reads a scalar or a nested list; the shape follows from the nesting, as <c>torch.tensor</c> does.</summary>
    /// <param name="cursor">Stands before the value; afterwards behind it.</param>
    /// <param name="dtype">Element type; null infers bool, int64 or float32 as <c>torch.tensor</c> does.</param>
    /// <param name="complexPairs">
    /// For complex dtypes: the last dimension has size 2 and holds real and imaginary part. Otherwise lists always add a
    /// dimension, and elements are numbers or strings.
    /// </param>
    /// <exception cref="ServingException">InvalidArgument: malformed, ragged, or not of this dtype; says where.</exception>
    public static Tensor ReadNested(ref JsonCursor cursor, DType? dtype, bool complexPairs = false)
    {
        cursor.PeekKind();
        var target = dtype ?? DTypeInference.Infer(cursor.Json, cursor.Position);
        var plan = new NestingPlan(-1, ChecksShape: true, ListsAreValues: false, long.MaxValue, BytesPerElement: 16, ShapeText: null);
        var parts = complexPairs ? PartsOf(target) : null;
        if (parts is null)
            return TensorReaders.Read(ref cursor, target, plan, [], null);
        var start = cursor.Position;
        var tensor = TensorReaders.Read(ref cursor, parts.Value, plan, [], null);
        if (tensor.Shape is [.., 0])
            return Reinterpret(tensor, target, tensor.Shape.ToArray());
        if (tensor.Shape is [.. var outer, 2])
            return Reinterpret(tensor, target, outer.ToArray());
        tensor.Dispose();
        JsonErrors.ThrowUnexpected(start, $"{target.TorchName()} values must be lists of two numbers, [real, imaginary]");
        return null;
    }

    /// <summary>Reads the values of a tensor whose shape is known.</summary>
    /// <param name="cursor">Stands before the value; afterwards behind it.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Sizes, outermost first.</param>
    /// <param name="rule">How lists must nest. With <see cref="NestingRule.AnyDepth"/> complex elements are numbers or strings.</param>
    /// <exception cref="ServingException">InvalidArgument: malformed, not of this shape, or not of this dtype; says where.</exception>
    public static Tensor ReadShaped(ref JsonCursor cursor, DType dtype, ReadOnlySpan<long> shape, NestingRule rule)
    {
        var kind = cursor.PeekKind();
        var sizes = shape.ToArray();
        var count = CountElements(sizes, cursor.Position);
        var text = $"[{string.Join(',', sizes)}]";
        // Flat forms of a zero-dimensional tensor may be a list of one value or the value alone.
        var bare = sizes.Length == 0 && kind != JsonKind.Array;
        if (rule == NestingRule.AnyDepth && kind != JsonKind.Array && !bare)
            JsonErrors.ThrowUnexpected(cursor.Position, $"expected a list, found {JsonCursor.Describe(kind)}");
        var nested = rule == NestingRule.Exact || bare;
        long[] lists = nested ? sizes : [count];
        var plan = new NestingPlan(
            rule == NestingRule.AnyDepth && !bare ? -1 : lists.Length,
            ChecksShape: rule != NestingRule.AnyDepth || bare,
            ListsAreValues: rule != NestingRule.AnyDepth && PartsOf(dtype) is not null,
            count,
            BytesPerElement: 2,
            text);
        return TensorReaders.Read(ref cursor, dtype, plan, lists, sizes);
    }

    /// <summary>Reads a list of sizes such as <c>[1, 3, 32, 32]</c>.</summary>
    /// <exception cref="ServingException">InvalidArgument: not a list of sizes, or their product overflows.</exception>
    public static long[] ReadShape(ref JsonCursor cursor)
    {
        Span<long> sizes = stackalloc long[MaxRank];
        var rank = 0;
        cursor.BeginArray();
        var start = cursor.Position;
        while (cursor.NextItem())
        {
            cursor.PeekKind();
            var position = cursor.Position;
            var size = cursor.ReadInt64();
            if (size < 0)
                JsonErrors.ThrowUnexpected(position, $"a shape cannot have the size {size}; sizes are 0 or more");
            if (rank == MaxRank)
                JsonErrors.ThrowUnexpected(position, $"a shape has at most {MaxRank} sizes");
            sizes[rank++] = size;
        }

        var shape = sizes[..rank].ToArray();
        CountElements(shape, start);
        return shape;
    }

    private static long CountElements(long[] shape, int position)
    {
        try
        {
            return Tensor.CountElements(shape);
        }
        catch (OverflowException)
        {
            JsonErrors.ThrowUnexpected(position, $"shape [{string.Join(',', shape)}] is negative or has too many elements");
            return 0;
        }
    }

    private static DType? PartsOf(DType dtype) => dtype switch
    {
        DType.Complex32 => DType.Float16,
        DType.Complex64 => DType.Float32,
        DType.Complex128 => DType.Float64,
        _ => null,
    };

    // Complex elements are their parts side by side, so the same memory serves.
    private static Tensor Reinterpret(Tensor parts, DType dtype, long[] shape) => new(dtype, shape, parts.Data, parts);
}
