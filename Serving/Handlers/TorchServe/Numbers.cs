using System.Numerics;
using System.Runtime.InteropServices;
using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>Copies tensors into another dtype or shape.</summary>
internal static class Numbers
{
    /// <summary>A copy; whole numbers are cut, as <c>torch.Tensor.to</c> does.</summary>
    /// <param name="source">Integers, booleans or floats of 16 bits and more.</param>
    /// <param name="dtype">The same.</param>
    /// <param name="shape">As many elements.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: one of the dtypes is another.</exception>
    public static Tensor Convert(Tensor source, DType dtype, ReadOnlySpan<long> shape)
    {
        var target = Tensor.Rent(dtype, shape);
        try
        {
            if (source.DType == dtype)
                source.Bytes.CopyTo(target.Bytes);
            else
                Read(source, target);
            return target;
        }
        catch
        {
            target.Dispose();
            throw;
        }
    }

    private static void Read(Tensor source, Tensor target)
    {
        switch (source.DType)
        {
            case DType.UInt8:
                Write(source.As<byte>(), target);
                break;
            case DType.Bool:
                Write(source.As<byte>(), target);
                break;
            case DType.Int8:
                Write(source.As<sbyte>(), target);
                break;
            case DType.Int16:
                Write(source.As<short>(), target);
                break;
            case DType.Int32:
                Write(source.As<int>(), target);
                break;
            case DType.Int64:
                Write(source.As<long>(), target);
                break;
            case DType.Float16:
                Write(source.As<Half>(), target);
                break;
            case DType.Float32:
                Write(source.As<float>(), target);
                break;
            case DType.Float64:
                Write(source.As<double>(), target);
                break;
            default:
                throw Wrong(source.DType, target.DType);
        }
    }

    private static void Write<T>(ReadOnlySpan<T> from, Tensor target)
        where T : unmanaged, INumber<T>
    {
        switch (target.DType)
        {
            case DType.UInt8:
                Copy(from, target.As<byte>());
                break;
            case DType.Int8:
                Copy(from, target.As<sbyte>());
                break;
            case DType.Int16:
                Copy(from, target.As<short>());
                break;
            case DType.Int32:
                Copy(from, target.As<int>());
                break;
            case DType.Int64:
                Copy(from, target.As<long>());
                break;
            case DType.Float16:
                Copy(from, target.As<Half>());
                break;
            case DType.Float32:
                Copy(from, target.As<float>());
                break;
            case DType.Float64:
                Copy(from, target.As<double>());
                break;
            case DType.Bool:
                for (var i = 0; i < from.Length; i++)
                    target.Bytes[i] = T.IsZero(from[i]) ? (byte)0 : (byte)1;
                break;
            case DType.BFloat16:
                var halves = MemoryMarshal.Cast<byte, ushort>(target.Bytes);
                for (var i = 0; i < from.Length; i++)
                    halves[i] = ToBFloat16(float.CreateTruncating(from[i]));
                break;
            default:
                throw Wrong(default, target.DType);
        }
    }

    private static void Copy<TFrom, TTo>(ReadOnlySpan<TFrom> from, Span<TTo> to)
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, INumber<TTo>
    {
        for (var i = 0; i < from.Length; i++)
            to[i] = TTo.CreateTruncating(from[i]);
    }

    // Round to nearest, ties to even.
    private static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7fc0 : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    private static ServingException Wrong(DType from, DType to) =>
        new(ServingError.InvalidArgument, $"numbers of {from.TorchName()} cannot be made {to.TorchName()} here");
}
