using System.Runtime.CompilerServices;
using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>Chooses the loop for a dtype.</summary>
internal static unsafe class TensorReaders
{
    /// <summary>Reads one value into a new tensor.</summary>
    /// <param name="cursor">Stands before the value; afterwards behind it.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="plan">What the nesting must be.</param>
    /// <param name="lists">The sizes that lists must have, when the plan gives a rank.</param>
    /// <param name="shape">The shape of the result; null when the nesting decides.</param>
    public static Tensor Read(ref JsonCursor cursor, DType dtype, in NestingPlan plan, ReadOnlySpan<long> lists, long[]? shape) => dtype switch
    {
        DType.Float32 => Read<float, Float32Element>(ref cursor, plan, lists, shape),
        DType.Float64 => Read<double, Float64Element>(ref cursor, plan, lists, shape),
        DType.Float16 => Read<ushort, Float16Element>(ref cursor, plan, lists, shape),
        DType.BFloat16 => Read<ushort, BFloat16Element>(ref cursor, plan, lists, shape),
        DType.Float8E5M2 => Read<byte, Float8E5M2Element>(ref cursor, plan, lists, shape),
        DType.Float8E4M3Fn => Read<byte, Float8E4M3FnElement>(ref cursor, plan, lists, shape),
        DType.UInt8 => Read<byte, UnsignedElement<byte>>(ref cursor, plan, lists, shape),
        DType.UInt16 => Read<ushort, UnsignedElement<ushort>>(ref cursor, plan, lists, shape),
        DType.UInt32 => Read<uint, UnsignedElement<uint>>(ref cursor, plan, lists, shape),
        DType.UInt64 => Read<ulong, UnsignedElement<ulong>>(ref cursor, plan, lists, shape),
        DType.Int8 => Read<sbyte, SignedElement<sbyte>>(ref cursor, plan, lists, shape),
        DType.Int16 => Read<short, SignedElement<short>>(ref cursor, plan, lists, shape),
        DType.Int32 => Read<int, SignedElement<int>>(ref cursor, plan, lists, shape),
        DType.Int64 => Read<long, SignedElement<long>>(ref cursor, plan, lists, shape),
        DType.Bool => Read<byte, BoolElement>(ref cursor, plan, lists, shape),
        DType.Complex32 => Read<ComplexPair<ushort>, ComplexElement<ushort, Float16Element>>(ref cursor, plan, lists, shape),
        DType.Complex64 => Read<ComplexPair<float>, ComplexElement<float, Float32Element>>(ref cursor, plan, lists, shape),
        DType.Complex128 => Read<ComplexPair<double>, ComplexElement<double, Float64Element>>(ref cursor, plan, lists, shape),
        _ => throw new ServingException(ServingError.Unsupported, $"tensors of {dtype.TorchName()} cannot be sent as JSON"),
    };

    // Nothing reads a size or a count before it is set.
    [SkipLocalsInit]
    private static Tensor Read<T, TElement>(ref JsonCursor cursor, in NestingPlan plan, ReadOnlySpan<long> lists, long[]? shape)
        where T : unmanaged
        where TElement : IElement<T>
    {
        Span<long> sizes = stackalloc long[JsonCursor.MaxDepth];
        Span<long> counts = stackalloc long[JsonCursor.MaxDepth];
        if (lists.Length > sizes.Length)
            throw new ServingException(ServingError.InvalidArgument, $"a tensor of {lists.Length} dimensions cannot be sent as JSON");
        lists.CopyTo(sizes);
        fixed (byte* begin = cursor.Json)
        {
            var reader = new NestedReader<T, TElement>(begin, begin + cursor.Json.Length, cursor.Position, sizes, counts, plan);
            try
            {
                reader.Read();
                if (shape is not null && reader.Buffer.Count != plan.ExpectedElements)
                    TensorErrors.ThrowCount(reader.Position, plan.ExpectedElements, reader.Buffer.Count, plan.ShapeText);
                cursor.Position = reader.Position;
                return reader.Buffer.ToTensor(TElement.DType, shape ?? reader.Shape);
            }
            catch
            {
                reader.Buffer.Free();
                throw;
            }
        }
    }
}
