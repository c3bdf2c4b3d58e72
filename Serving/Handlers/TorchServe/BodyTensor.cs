using System.Text;
using Granary.Serving.Json;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>
/// Makes a tensor with a batch dimension of one value of a request: numbers that were JSON, a NumPy file, JSON as text, or the
/// little-endian bytes of elements where the definition says dtype and shape.
/// </summary>
internal static class BodyTensor
{
    /// <summary>The tensor, always a new one.</summary>
    /// <param name="value">Stays the caller's.</param>
    /// <param name="spec">What the definition says of the input, its shape with the batch dimension; null when it says nothing.</param>
    /// <param name="isRow">Whether the value was one row and got its batch dimension here.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: no tensor can be made of it.</exception>
    public static Tensor Of(Value value, TensorSpec? spec, out bool isRow)
    {
        switch (value)
        {
            case Tensor { DType: DType.UInt8, Shape.Length: 1 } bytes:
                return OfBytes(bytes, spec, out isRow);
            case Tensor numbers:
                return Fit(numbers, spec, out isRow);
            case IntValue number:
                return OfScalar(DType.Int64, number.Number, spec, out isRow);
            case DoubleValue number:
                return OfScalar(DType.Float64, number.Number, spec, out isRow);
            case BoolValue truth:
                return OfScalar(DType.Bool, (byte)(truth.Truth ? 1 : 0), spec, out isRow);
            case StringValue text:
                return OfJson(Encoding.UTF8.GetBytes(text.Text), spec, out isRow);
            default:
                throw Wrong($"a {value.Kind} is no tensor; send lists of numbers whose inner lists have one length, or a NumPy file");
        }
    }

    private static Tensor OfBytes(Tensor bytes, TensorSpec? spec, out bool isRow)
    {
        if (NumpyFile.IsOne(bytes.Bytes))
        {
            using var array = NumpyFile.Read(bytes.Bytes);
            return Fit(array, spec?.DType ?? array.DType, spec, out isRow);
        }

        // A byte of a boolean may hold anything, and libtorch would take it as it is.
        if (spec is { DType: not DType.Bool } && ShapeOf(bytes.ByteLength, spec) is { } shape)
        {
            var tensor = Tensor.Rent(spec.DType, shape);
            bytes.Bytes.CopyTo(tensor.Bytes);
            isRow = shape[0] == 1;
            return tensor;
        }

        if (bytes.Bytes.TrimStart(" \t\r\n"u8) is [(byte)'[', ..])
            return OfJson(bytes.Bytes, spec, out isRow);
        throw Wrong(spec is null
            ? $"{bytes.ByteLength:N0} bytes are neither JSON nor a NumPy file; for the bytes of elements give the model's definition 'inputs' with dtype and shape"
            : $"{bytes.ByteLength:N0} bytes are neither JSON nor a NumPy file nor rows of {spec.DType.TorchName()} [{string.Join(',', spec.Shape)}]");
    }

    /// <summary>The shape that so many bytes fill, when every size but the first is known.</summary>
    private static long[]? ShapeOf(long bytes, TensorSpec spec)
    {
        if (spec.Shape.Count == 0)
            return null;
        Int128 row = spec.DType.ElementSize();
        for (var i = 1; i < spec.Shape.Count; i++)
        {
            if (spec.Shape[i] < 1)
                return null;
            row *= spec.Shape[i];
            if (row > bytes)
                return null;
        }

        var rows = (Int128)bytes / row;
        if (rows < 1 || rows * row != bytes || (spec.Shape[0] >= 0 && spec.Shape[0] != rows))
            return null;
        return [(long)rows, .. spec.Shape.Skip(1)];
    }

    private static Tensor OfJson(ReadOnlySpan<byte> json, TensorSpec? spec, out bool isRow)
    {
        var cursor = new JsonCursor(json);
        using var numbers = JsonTensorReader.ReadNested(ref cursor, spec?.DType);
        cursor.End();
        return Fit(numbers, spec, out isRow);
    }

    private static Tensor OfScalar<T>(DType dtype, T number, TensorSpec? spec, out bool isRow)
        where T : unmanaged
    {
        using var scalar = Tensor.From<T>(dtype, [], [number]);
        return Fit(scalar, spec, out isRow);
    }

    // Without a word from the definition floats of JSON are PyTorch's default, as torch.as_tensor makes Python's.
    private static Tensor Fit(Tensor numbers, TensorSpec? spec, out bool isRow) =>
        Fit(numbers, spec?.DType ?? (numbers.DType == DType.Float64 ? DType.Float32 : numbers.DType), spec, out isRow);

    private static Tensor Fit(Tensor numbers, DType dtype, TensorSpec? spec, out bool isRow)
    {
        isRow = spec is null || numbers.Shape.Length == spec.Shape.Count - 1;
        if (spec is not null && !isRow && numbers.Shape.Length != spec.Shape.Count)
        {
            throw Wrong($"the input '{spec.Name}' has {numbers.Shape.Length} dimensions; one row has {spec.Shape.Count - 1}, several have {spec.Shape.Count}: [{string.Join(',', spec.Shape)}]");
        }

        return Numbers.Convert(numbers, dtype, isRow ? [1, .. numbers.Shape] : numbers.Shape);
    }

    private static ServingException Wrong(string message) => new(ServingError.InvalidArgument, message);
}
