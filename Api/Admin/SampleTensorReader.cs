using System.Numerics;
using System.Text.Json;
using Granary.Serving;
using Granary.Torch;

namespace Granary.Api.Admin;

/// <summary>
/// Reads a sample tensor <c>{"dtype","shape"?,"values"}</c>. Values are flat or nested in row-major order; without a shape the
/// nesting gives it. Complex elements are pairs of numbers, real then imaginary, and need a shape.
/// </summary>
internal static class SampleTensorReader
{
    /// <summary>Reads one tensor, which the caller disposes.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static Tensor Read(DType dtype, long[]? shape, JsonElement values, string path)
    {
        var complex = dtype is DType.Complex32 or DType.Complex64 or DType.Complex128;
        if (complex && shape is null)
            throw Invalid(path, "a complex tensor needs a shape");
        shape ??= [.. NestedShape(values)];
        if (Array.Exists(shape, size => size < 0))
            throw Invalid(path, $"shape [{string.Join(", ", shape)}] holds a negative size");
        List<JsonElement> numbers = [];
        Flatten(values, numbers);
        var expected = (Int128)(complex ? 2 : 1);
        foreach (var size in shape)
            expected = Int128.Min(expected * size, int.MaxValue);
        if (numbers.Count != expected)
            throw Invalid(path, $"{numbers.Count} values do not fill shape [{string.Join(", ", shape)}], which takes {expected}");
        return Fill(Tensor.Rent(dtype, shape), numbers, path);
    }

    private static List<long> NestedShape(JsonElement values)
    {
        List<long> shape = [];
        while (values.ValueKind == JsonValueKind.Array)
        {
            shape.Add(values.GetArrayLength());
            if (values.GetArrayLength() == 0)
                break;
            values = values[0];
        }

        return shape;
    }

    private static void Flatten(JsonElement values, List<JsonElement> numbers)
    {
        if (values.ValueKind != JsonValueKind.Array)
        {
            numbers.Add(values);
            return;
        }

        foreach (var item in values.EnumerateArray())
            Flatten(item, numbers);
    }

    private static Tensor Fill(Tensor tensor, List<JsonElement> numbers, string path)
    {
        try
        {
            FillElements(tensor, numbers);
            return tensor;
        }
        catch (Exception exception) when (exception is OverflowException or FormatException or InvalidOperationException)
        {
            tensor.Dispose();
            throw Invalid(path, $"a value is not a {tensor.DType.TorchName()}: {exception.Message}");
        }
    }

    private static void FillElements(Tensor tensor, List<JsonElement> numbers)
    {
        switch (tensor.DType)
        {
            case DType.UInt8: Fill(tensor.As<byte>(), numbers, Integer<byte>); break;
            case DType.Int8: Fill(tensor.As<sbyte>(), numbers, Integer<sbyte>); break;
            case DType.Int16: Fill(tensor.As<short>(), numbers, Integer<short>); break;
            case DType.Int32: Fill(tensor.As<int>(), numbers, Integer<int>); break;
            case DType.Int64: Fill(tensor.As<long>(), numbers, Integer<long>); break;
            case DType.UInt16: Fill(tensor.As<ushort>(), numbers, Integer<ushort>); break;
            case DType.UInt32: Fill(tensor.As<uint>(), numbers, Integer<uint>); break;
            case DType.UInt64: Fill(tensor.As<ulong>(), numbers, Integer<ulong>); break;
            case DType.Bool: Fill(tensor.As<byte>(), numbers, Truth); break;
            case DType.Float16 or DType.Complex32: Fill(Cast<Half>(tensor), numbers, value => (Half)Float(value)); break;
            case DType.Float32 or DType.Complex64: Fill(Cast<float>(tensor), numbers, value => (float)Float(value)); break;
            case DType.Float64 or DType.Complex128: Fill(Cast<double>(tensor), numbers, Float); break;
            case DType.BFloat16: Fill(tensor.As<ushort>(), numbers, value => UpperHalf((float)Float(value))); break;
            default: throw new FormatException("samples of this dtype cannot be written as JSON");
        }
    }

    private static Span<T> Cast<T>(Tensor tensor)
        where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(tensor.Bytes);

    private static void Fill<T>(Span<T> elements, List<JsonElement> numbers, Func<JsonElement, T> read)
    {
        for (var i = 0; i < elements.Length; i++)
            elements[i] = read(numbers[i]);
    }

    private static T Integer<T>(JsonElement value)
        where T : IBinaryInteger<T> =>
        value.TryGetUInt64(out var large) ? T.CreateChecked(large)
        : value.TryGetInt64(out var small) ? T.CreateChecked(small)
        : throw new FormatException($"{JsonFields.Shorten(value)} is not a whole number of at most 64 bits");

    private static byte Truth(JsonElement value) => value.ValueKind == JsonValueKind.Number ? Integer<byte>(value) is var bit and <= 1 ? bit : throw new OverflowException("expected 0 or 1") : (byte)(value.GetBoolean() ? 1 : 0);

    // JSON has no literals for these; Python's writers and ours use the names as text.
    private static double Float(JsonElement value) => value.ValueKind != JsonValueKind.String ? value.GetDouble() : value.GetString() switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        var text => throw new FormatException($"'{text}' is not a number"),
    };

    // bfloat16 is the upper half of a binary32, rounded to nearest even; a NaN must not round to infinity.
    private static ushort UpperHalf(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)(bits >> 16 | 0x40) : (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    private static ServingException Invalid(string path, string what) => new(ServingError.InvalidArgument, $"{path}: {what}");
}
