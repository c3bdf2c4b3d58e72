using System.Runtime.InteropServices;
using Granary.Torch;

namespace Granary.Serving.Handlers;

/// <summary>The last dimension of a result as rows of doubles, whatever floating dtype it has.</summary>
internal readonly ref struct FloatRows
{
    private readonly Tensor _tensor;

    /// <exception cref="ServingException"><see cref="ServingError.ModelFailed"/>: no floating tensor with a dimension.</exception>
    public FloatRows(Value value, string handler)
    {
        _tensor = value as Tensor ?? throw Wrong(handler, $"a {value.Kind}");
        if (_tensor.Shape.IsEmpty || _tensor.DType is not (DType.Float16 or DType.BFloat16 or DType.Float32 or DType.Float64))
            throw Wrong(handler, $"a {_tensor.DType.TorchName()} tensor of shape [{string.Join(',', _tensor.Shape.ToArray())}]");
        Length = checked((int)_tensor.Shape[^1]);
        Count = Length == 0 ? 0 : checked((int)(_tensor.ElementCount / Length));
    }

    /// <summary>How many rows.</summary>
    public int Count { get; }

    /// <summary>Elements in each.</summary>
    public int Length { get; }

    /// <summary>Copies one row.</summary>
    public void Read(int row, Span<double> target)
    {
        var start = row * Length;
        for (var i = 0; i < Length; i++)
        {
            target[i] = _tensor.DType switch
            {
                DType.Float32 => _tensor.As<float>()[start + i],
                DType.Float64 => _tensor.As<double>()[start + i],
                DType.Float16 => (double)_tensor.As<Half>()[start + i],
                _ => BitConverter.UInt32BitsToSingle((uint)MemoryMarshal.Cast<byte, ushort>(_tensor.Bytes)[start + i] << 16),
            };
        }
    }

    private static ServingException Wrong(string handler, string found) =>
        new(ServingError.ModelFailed, $"handler '{handler}' takes one floating tensor of at least one dimension, but the model returned {found}");
}
