using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Granary.Serving.Embeddings.Store;

/// <summary>
/// float32 to float16, rounded to the nearest and to even in between, and back; eight at a time. NaN stays NaN without its payload.
/// Source: IEEE 754; the magic additions are Fabian Giesen's.
/// </summary>
internal static class HalfRows
{
    private const uint SignBit = 0x8000_0000;
    private const uint Infinity32 = 0x7f80_0000;
    // 65,536 as float32: from here on everything is infinite.
    private const uint Overflow = (127 + 16) << 23;
    private const uint LeastNormal = (127 - 14) << 23;
    private const uint SubnormalMagic = (127 - 15 + (23 - 10) + 1) << 23;
    private const uint Rebias = unchecked((uint)((15 - 127) << 23));

    /// <summary>Narrows; both have one length.</summary>
    public static void Narrow(ReadOnlySpan<float> from, Span<Half> to)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(from.Length, to.Length);
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= from.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                var wide = Narrow(Vector256.LoadUnsafe(in from[i]).AsUInt32());
                Vector128.Narrow(wide.GetLower(), wide.GetUpper()).StoreUnsafe(ref Unsafe.As<Half, ushort>(ref to[i]));
            }
        }

        for (; i < from.Length; i++)
            to[i] = (Half)from[i];
    }

    /// <summary>Widens; exact. Both have one length.</summary>
    public static void Widen(ReadOnlySpan<Half> from, Span<float> to)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(from.Length, to.Length);
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= from.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                var (lower, upper) = Vector128.Widen(Vector128.LoadUnsafe(ref Unsafe.As<Half, ushort>(ref Unsafe.AsRef(in from[i]))));
                Widen(Vector256.Create(lower, upper)).AsSingle().StoreUnsafe(ref to[i]);
            }
        }

        for (; i < from.Length; i++)
            to[i] = (float)from[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Narrow(Vector256<uint> bits)
    {
        var sign = bits & Vector256.Create(SignBit);
        bits ^= sign;
        var special = Vector256.ConditionalSelect(Vector256.GreaterThan(bits.AsInt32(), Vector256.Create((int)Infinity32)).AsUInt32(), Vector256.Create(0x7e00u), Vector256.Create(0x7c00u));
        // The addition rounds as the processor does, which is what is wanted.
        var magic = Vector256.Create(SubnormalMagic);
        var subnormal = (bits.AsSingle() + magic.AsSingle()).AsUInt32() - magic;
        var odd = (bits >>> 13) & Vector256<uint>.One;
        var normal = (bits + Vector256.Create(unchecked(Rebias + 0xfff)) + odd) >>> 13;
        var half = Vector256.ConditionalSelect(Vector256.LessThan(bits.AsInt32(), Vector256.Create((int)LeastNormal)).AsUInt32(), subnormal, normal);
        half = Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(bits.AsInt32(), Vector256.Create((int)Overflow)).AsUInt32(), special, half);
        return half | (sign >>> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Widen(Vector256<uint> half)
    {
        const uint Exponent = 0x7c00 << 13;
        var bits = (half & Vector256.Create(0x7fffu)) << 13;
        var exponent = bits & Vector256.Create(Exponent);
        bits += Vector256.Create((127u - 15) << 23);
        var special = bits + Vector256.Create((128u - 16) << 23);
        var magic = Vector256.Create(LeastNormal);
        var subnormal = ((bits + Vector256.Create(1u << 23)).AsSingle() - magic.AsSingle()).AsUInt32();
        bits = Vector256.ConditionalSelect(Vector256.Equals(exponent, Vector256.Create(Exponent)), special, bits);
        bits = Vector256.ConditionalSelect(Vector256.Equals(exponent, Vector256<uint>.Zero), subnormal, bits);
        return bits | ((half & Vector256.Create(0x8000u)) << 16);
    }
}
