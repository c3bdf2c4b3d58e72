using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>Chooses the loop for a dtype.</summary>
internal static class ElementWriters
{
    /// <summary>Writes a run of elements with commas between them and no brackets around.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="tensor">Where from.</param>
    /// <param name="start">Index of the first element, row-major.</param>
    /// <param name="count">How many.</param>
    public static void Write(PooledBufferWriter writer, Tensor tensor, int start, int count)
    {
        switch (tensor.DType)
        {
            case DType.Float32: Write<float, FloatText>(writer, tensor, start, count); break;
            case DType.Float64: Write<double, FloatText>(writer, tensor, start, count); break;
            case DType.Float16: Write<ushort, Float16Text>(writer, tensor, start, count); break;
            case DType.BFloat16: Write<ushort, BFloat16Text>(writer, tensor, start, count); break;
            case DType.Float8E5M2: Write<byte, Float8E5M2Text>(writer, tensor, start, count); break;
            case DType.Float8E4M3Fn: Write<byte, Float8E4M3FnText>(writer, tensor, start, count); break;
            case DType.UInt8: Write<byte, WholeText<byte>>(writer, tensor, start, count); break;
            case DType.UInt16: Write<ushort, WholeText<ushort>>(writer, tensor, start, count); break;
            case DType.UInt32: Write<uint, WholeText<uint>>(writer, tensor, start, count); break;
            case DType.UInt64: Write<ulong, WholeText<ulong>>(writer, tensor, start, count); break;
            case DType.Int8: Write<sbyte, WholeText<sbyte>>(writer, tensor, start, count); break;
            case DType.Int16: Write<short, WholeText<short>>(writer, tensor, start, count); break;
            case DType.Int32: Write<int, WholeText<int>>(writer, tensor, start, count); break;
            case DType.Int64: Write<long, WholeText<long>>(writer, tensor, start, count); break;
            case DType.Bool: Write<byte, BoolText>(writer, tensor, start, count); break;
            case DType.Complex32: Write<ComplexPair<ushort>, ComplexText<ushort, Float16Text>>(writer, tensor, start, count); break;
            case DType.Complex64: Write<ComplexPair<float>, ComplexText<float, FloatText>>(writer, tensor, start, count); break;
            case DType.Complex128: Write<ComplexPair<double>, ComplexText<double, FloatText>>(writer, tensor, start, count); break;
            default: throw new ServingException(ServingError.Unsupported, $"tensors of {tensor.DType.TorchName()} cannot be sent as JSON");
        }
    }

    /// <summary>As <see cref="Write(PooledBufferWriter, Tensor, int, int)"/>, but floats look as Triton prints them.</summary>
    public static void WriteAsTriton(PooledBufferWriter writer, Tensor tensor, int start, int count)
    {
        if (tensor.DType == DType.Float32)
            Write<float, TritonFloatText>(writer, tensor, start, count);
        else if (tensor.DType == DType.Float64)
            Write<double, TritonFloatText>(writer, tensor, start, count);
        else
            Write(writer, tensor, start, count);
    }

    /// <summary>As <see cref="Write(PooledBufferWriter, Tensor, int, int)"/>, but floats look as torch-serving prints them.</summary>
    public static void WriteAsNlohmann(PooledBufferWriter writer, Tensor tensor, int start, int count)
    {
        switch (tensor.DType)
        {
            case DType.Float32: Write<float, NlohmannFloatText>(writer, tensor, start, count); break;
            case DType.Float64: Write<double, NlohmannFloatText>(writer, tensor, start, count); break;
            case DType.Float16: Write<ushort, NlohmannFloat16Text>(writer, tensor, start, count); break;
            case DType.BFloat16: Write<ushort, NlohmannBFloat16Text>(writer, tensor, start, count); break;
            case DType.Complex64: Write<ComplexPair<float>, ComplexText<float, NlohmannFloatText>>(writer, tensor, start, count); break;
            case DType.Complex128: Write<ComplexPair<double>, ComplexText<double, NlohmannFloatText>>(writer, tensor, start, count); break;
            default: Write(writer, tensor, start, count); break;
        }
    }

    private static void Write<T, TText>(PooledBufferWriter writer, Tensor tensor, int start, int count)
        where T : unmanaged
        where TText : IElementText<T>
    {
        var elements = tensor.As<T>().Slice(start, count);
        for (var i = 0; i < elements.Length; i++)
        {
            var destination = writer.GetSpan(IElementText<T>.MaxBytes);
            var written = 0;
            if (i > 0)
                destination[written++] = (byte)',';
            written += TText.Write(elements[i], destination[written..]);
            writer.Advance(written);
        }
    }
}
