using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>binary64.</summary>
internal readonly unsafe struct Float64Element : IElement<double>
{
    public static DType DType => DType.Float64;

    public static bool TryRead(ref byte* p, byte* end, out double value)
    {
        var found = NumberScanner.TryScan(p, end, out var number);
        value = found ? DecimalConversion.ToDouble(number) : 0;
        p = found ? number.End : p;
        return found;
    }

    public static double FromBoolean(bool value) => value ? 1 : 0;
}

/// <summary>binary32.</summary>
internal readonly unsafe struct Float32Element : IElement<float>
{
    public static DType DType => DType.Float32;

    public static bool TryRead(ref byte* p, byte* end, out float value)
    {
        var found = NumberScanner.TryScan(p, end, out var number);
        value = found ? DecimalConversion.ToSingle(number) : 0;
        p = found ? number.End : p;
        return found;
    }

    public static float FromBoolean(bool value) => value ? 1 : 0;
}

/// <summary>binary16, as its bits.</summary>
internal readonly unsafe struct Float16Element : IElement<ushort>
{
    public static DType DType => DType.Float16;

    public static bool TryRead(ref byte* p, byte* end, out ushort value)
    {
        var found = NumberScanner.TryScan(p, end, out var number);
        value = found ? SmallFloats.ToFloat16(number, DecimalConversion.ToDouble(number)) : default;
        p = found ? number.End : p;
        return found;
    }

    public static ushort FromBoolean(bool value) => value ? (ushort)0x3C00 : (ushort)0;
}

/// <summary>bfloat16, as its bits.</summary>
internal readonly unsafe struct BFloat16Element : IElement<ushort>
{
    public static DType DType => DType.BFloat16;

    public static bool TryRead(ref byte* p, byte* end, out ushort value)
    {
        var found = NumberScanner.TryScan(p, end, out var number);
        value = found ? SmallFloats.ToBFloat16(number, DecimalConversion.ToDouble(number)) : default;
        p = found ? number.End : p;
        return found;
    }

    public static ushort FromBoolean(bool value) => value ? (ushort)0x3F80 : (ushort)0;
}

/// <summary>8-bit float with 5 exponent bits, as its bits.</summary>
internal readonly unsafe struct Float8E5M2Element : IElement<byte>
{
    public static DType DType => DType.Float8E5M2;

    public static bool TryRead(ref byte* p, byte* end, out byte value)
    {
        var found = NumberScanner.TryScan(p, end, out var number);
        value = found ? SmallFloats.ToFloat8E5M2(number, DecimalConversion.ToDouble(number)) : default;
        p = found ? number.End : p;
        return found;
    }

    public static byte FromBoolean(bool value) => value ? (byte)0x3C : (byte)0;
}

/// <summary>8-bit float with 4 exponent bits, as its bits.</summary>
internal readonly unsafe struct Float8E4M3FnElement : IElement<byte>
{
    public static DType DType => DType.Float8E4M3Fn;

    public static bool TryRead(ref byte* p, byte* end, out byte value)
    {
        var found = NumberScanner.TryScan(p, end, out var number);
        value = found ? SmallFloats.ToFloat8E4M3Fn(number, DecimalConversion.ToDouble(number)) : default;
        p = found ? number.End : p;
        return found;
    }

    public static byte FromBoolean(bool value) => value ? (byte)0x38 : (byte)0;
}
