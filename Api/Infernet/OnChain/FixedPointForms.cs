using System.Numerics;

namespace Granary.Api.Infernet.OnChain;

/// <summary>float16 in fixed point: <c>int16</c>. PyTorch goes through binary32 on its way to binary16.</summary>
internal readonly struct FixedHalfForm(int scale) : IWordReader<Half>
{
    public bool TryRead(AbiWord word, out Half value)
    {
        value = (Half)(float)FixedPoint.ToDouble((short)word.D, scale);
        return word.IsInt64 && (short)word.D == (long)word.D;
    }
}

/// <summary>float32 in fixed point: <c>int32</c>.</summary>
internal readonly struct FixedSingleForm(int scale) : IWordReader<float>
{
    public bool TryRead(AbiWord word, out float value)
    {
        value = (float)FixedPoint.ToDouble((int)word.D, scale);
        return word.IsInt64 && (int)word.D == (long)word.D;
    }
}

/// <summary>float64 in fixed point: <c>int64</c>.</summary>
internal readonly struct FixedDoubleForm(int scale) : IWordReader<double>
{
    public bool TryRead(AbiWord word, out double value)
    {
        value = FixedPoint.ToDouble((long)word.D, scale);
        return word.IsInt64;
    }
}

/// <summary>float128 in fixed point: <c>int128</c>.</summary>
internal readonly struct FixedQuadForm(int scale) : IWordReader<double>
{
    public bool TryRead(AbiWord word, out double value)
    {
        value = word.IsInt128 ? FixedPoint.ToDouble(word.Int128, scale) : 0;
        return word.IsInt128;
    }
}

/// <summary>float256 in fixed point, and SD59x18 of generation 0.1: <c>int256</c>.</summary>
internal readonly struct FixedOctupleForm(int scale) : IWordReader<double>
{
    public bool TryRead(AbiWord word, out double value)
    {
        value = FixedPoint.ToDouble(word, scale);
        return true;
    }
}

/// <summary>complex64 in fixed point: <c>uint64</c> of two <c>int32</c>.</summary>
internal readonly struct FixedComplexFloatForm(int scale) : IWordReader<Complex<float>>
{
    public bool TryRead(AbiWord word, out Complex<float> value)
    {
        value = new((float)FixedPoint.ToDouble((int)(word.D >> 32), scale), (float)FixedPoint.ToDouble((int)word.D, scale));
        return word.IsUInt64;
    }
}

/// <summary>complex128 in fixed point: <c>uint128</c> of two <c>int64</c>.</summary>
internal readonly struct FixedComplexDoubleForm(int scale) : IWordReader<Complex<double>>
{
    public bool TryRead(AbiWord word, out Complex<double> value)
    {
        value = new(FixedPoint.ToDouble((long)word.C, scale), FixedPoint.ToDouble((long)word.D, scale));
        return word.IsUInt128;
    }
}

/// <summary>Any real element as a fixed-point <c>int128</c>.</summary>
internal readonly struct RealToFixed<T>(int scale) : IWordWriter<T>
    where T : unmanaged, IFloatingPoint<T>
{
    public bool TryWrite(T value, out AbiWord word)
    {
        var fits = FixedPoint.TryScale(double.CreateTruncating(value), scale, out var scaled);
        word = AbiWord.From(scaled);
        return fits;
    }
}

/// <summary>Any whole element as a fixed-point <c>int128</c>.</summary>
internal readonly struct WholeToFixed<T>(int scale) : IWordWriter<T>
    where T : unmanaged, IBinaryInteger<T>
{
    public bool TryWrite(T value, out AbiWord word)
    {
        var fits = FixedPoint.TryScale(Int128.CreateTruncating(value), scale, out var scaled);
        word = AbiWord.From(scaled);
        return fits;
    }
}

/// <summary>bfloat16 as a fixed-point <c>int128</c>.</summary>
internal readonly struct BFloat16ToFixed(int scale) : IWordWriter<ushort>
{
    public bool TryWrite(ushort value, out AbiWord word)
    {
        var fits = FixedPoint.TryScale(BitConverter.UInt32BitsToSingle((uint)value << 16), scale, out var scaled);
        word = AbiWord.From(scaled);
        return fits;
    }
}

/// <summary>A real element as SD59x18, an <c>int256</c>.</summary>
internal readonly struct RealToSd59X18<T> : IWordWriter<T>
    where T : unmanaged, IFloatingPoint<T>
{
    public bool TryWrite(T value, out AbiWord word) => FixedPoint.TryScaleToInt256(double.CreateTruncating(value), FixedPoint.DefaultScale, out word);
}

/// <summary>bfloat16 as SD59x18, an <c>int256</c>.</summary>
internal readonly struct BFloat16ToSd59X18 : IWordWriter<ushort>
{
    public bool TryWrite(ushort value, out AbiWord word) =>
        FixedPoint.TryScaleToInt256(BitConverter.UInt32BitsToSingle((uint)value << 16), FixedPoint.DefaultScale, out word);
}
