using System.Numerics;

namespace Granary.Api.Infernet.OnChain;

/// <summary>How an element stands in a word. Implemented by structs, so that loops over them are compiled for each.</summary>
/// <typeparam name="T">The element as it lies in a tensor.</typeparam>
internal interface IWordReader<T>
    where T : unmanaged
{
    /// <summary>Reads an element.</summary>
    /// <returns>False when the word is no value of the ABI type.</returns>
    bool TryRead(AbiWord word, out T value);
}

/// <summary>The other way round.</summary>
/// <typeparam name="T">The element as it lies in a tensor.</typeparam>
internal interface IWordWriter<T>
    where T : unmanaged
{
    /// <summary>Writes an element.</summary>
    /// <returns>False when the form cannot hold it.</returns>
    bool TryWrite(T value, out AbiWord word);
}

/// <summary><c>uintN</c>: numbers, and the bits of floats in generation 1.0.</summary>
internal readonly struct UnsignedForm<T> : IWordReader<T>, IWordWriter<T>
    where T : unmanaged, IBinaryInteger<T>, IUnsignedNumber<T>
{
    public bool TryRead(AbiWord word, out T value)
    {
        value = T.CreateTruncating(word.D);
        return word.IsUInt64 && ulong.CreateTruncating(value) == word.D;
    }

    public bool TryWrite(T value, out AbiWord word)
    {
        word = AbiWord.From(ulong.CreateTruncating(value));
        return true;
    }
}

/// <summary><c>intN</c>: numbers, and the bits of floats in generation 2.0.</summary>
internal readonly struct SignedForm<T> : IWordReader<T>, IWordWriter<T>
    where T : unmanaged, IBinaryInteger<T>, ISignedNumber<T>
{
    public bool TryRead(AbiWord word, out T value)
    {
        value = T.CreateTruncating(word.D);
        return word.IsInt64 && long.CreateTruncating(value) == (long)word.D;
    }

    public bool TryWrite(T value, out AbiWord word)
    {
        word = AbiWord.From(long.CreateTruncating(value));
        return true;
    }
}

/// <summary><c>bool</c>: 0 or 1 and nothing else.</summary>
internal readonly struct BooleanForm : IWordReader<byte>, IWordWriter<byte>
{
    public bool TryRead(AbiWord word, out byte value)
    {
        value = (byte)word.D;
        return word.IsUInt64 && word.D <= 1;
    }

    public bool TryWrite(byte value, out AbiWord word)
    {
        word = AbiWord.From(value == 0 ? 0ul : 1ul);
        return true;
    }
}

/// <summary><c>uint64</c> with the bits of the real part above those of the imaginary part; in memory the real part comes first.</summary>
internal readonly struct ComplexFloatForm : IWordReader<ulong>, IWordWriter<ulong>
{
    public bool TryRead(AbiWord word, out ulong value)
    {
        value = BitOperations.RotateLeft(word.D, 32);
        return word.IsUInt64;
    }

    public bool TryWrite(ulong value, out AbiWord word)
    {
        word = AbiWord.From(BitOperations.RotateLeft(value, 32));
        return true;
    }
}

/// <summary><c>uint128</c> with the bits of the real part above those of the imaginary part.</summary>
internal readonly struct ComplexDoubleForm : IWordReader<Complex<ulong>>, IWordWriter<Complex<ulong>>
{
    public bool TryRead(AbiWord word, out Complex<ulong> value)
    {
        value = new(word.C, word.D);
        return word.IsUInt128;
    }

    public bool TryWrite(Complex<ulong> value, out AbiWord word)
    {
        word = new AbiWord(0, 0, value.Real, value.Imaginary);
        return true;
    }
}

/// <summary>
/// bfloat16 of generation 1.0 travels as the bits of a binary16: the original packs it with Python's format 'e'. What is too
/// large for binary16 cannot be written, as there.
/// </summary>
internal readonly struct BFloat16AsHalfForm : IWordReader<ushort>, IWordWriter<ushort>
{
    public bool TryRead(AbiWord word, out ushort value)
    {
        value = 0;
        if (!word.IsUInt64 || word.D > ushort.MaxValue)
            return false;
        var number = (float)BitConverter.UInt16BitsToHalf((ushort)word.D);
        value = float.IsNaN(number) ? (ushort)0x7FC0 : Round(BitConverter.SingleToUInt32Bits(number));
        return true;
    }

    public bool TryWrite(ushort value, out AbiWord word)
    {
        var number = BitConverter.UInt32BitsToSingle((uint)value << 16);
        var half = (Half)number;
        word = AbiWord.From((ulong)BitConverter.HalfToUInt16Bits(half));
        return !Half.IsInfinity(half) || float.IsInfinity(number);
    }

    // To nearest, ties to even.
    private static ushort Round(uint bits) => (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

/// <summary>bfloat16 as the binary32 that holds it exactly, in generation 2.0, which has no bfloat16.</summary>
internal readonly struct BFloat16AsSingleForm : IWordWriter<ushort>
{
    public bool TryWrite(ushort value, out AbiWord word)
    {
        word = AbiWord.From((long)(value << 16));
        return true;
    }
}

/// <summary>A complex element as it lies in a tensor.</summary>
internal readonly record struct Complex<T>(T Real, T Imaginary)
    where T : unmanaged;
