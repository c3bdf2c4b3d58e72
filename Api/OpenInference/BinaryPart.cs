using Granary.Serving;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Torch;

namespace Granary.Api.OpenInference;

/// <summary>The bytes behind the JSON text of a request, taken piece by piece.</summary>
internal ref struct BinaryPart(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    /// <summary>Copies the next input out: little-endian elements, row-major.</summary>
    /// <exception cref="ServingException">Too few bytes, or not as many as the shape says.</exception>
    public Value Take(string name, DataType datatype, long[] shape, long length)
    {
        if (length > _left.Length)
            throw V2Errors.Invalid($"unexpected size for input '{name}', expecting {length} additional bytes, {_left.Length} are there");
        var data = _left[..(int)length];
        _left = _left[(int)length..];
        if (datatype == DataType.String)
            return BytesElements.Read(data, Tensor.CountElements(shape), name);
        return Copy(name, datatype, shape, data);
    }

    /// <summary>Throws when bytes are left that belong to no input.</summary>
    public readonly void End()
    {
        if (!_left.IsEmpty)
            throw V2Errors.Invalid($"unexpected additional input data: {_left.Length} bytes are left behind the last input");
    }

    /// <summary>A tensor with a copy of the bytes.</summary>
    public static Tensor Copy(string name, DataType datatype, long[] shape, ReadOnlySpan<byte> data)
    {
        var dtype = datatype.ToDType()!.Value;
        var expected = SizeOf(dtype, shape, name);
        if (expected != data.Length)
            throw V2Errors.Invalid($"input byte size mismatch for input '{name}'. Expected {expected}, got {data.Length}");
        var tensor = Tensor.Rent(dtype, shape);
        data.CopyTo(tensor.Bytes);
        return tensor;
    }

    private static long SizeOf(DType dtype, long[] shape, string name)
    {
        try
        {
            return checked(Tensor.CountElements(shape) * dtype.ElementSize());
        }
        catch (OverflowException)
        {
            throw V2Errors.Invalid($"the shape [{string.Join(',', shape)}] of input '{name}' is negative or has too many elements");
        }
    }
}
