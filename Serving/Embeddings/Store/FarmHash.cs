using System.Numerics;
using System.Runtime.CompilerServices;

namespace Granary.Serving.Embeddings.Store;

/// <summary>FarmHash of the eight little-endian bytes of a number: which server holds a sign, and which bucket a hash stack chooses. Source: google/farmhash, HashLen0to16.</summary>
internal static class FarmHash
{
    private const ulong K2 = 0x9ae16a3b2f90404f;

    /// <summary>The hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Hash64(ulong value)
    {
        unchecked
        {
            const ulong Mul = K2 + 16;
            var a = value + K2;
            var c = (BitOperations.RotateRight(value, 37) * Mul) + a;
            var d = (BitOperations.RotateRight(a, 25) + value) * Mul;
            var u = (c ^ d) * Mul;
            u ^= u >> 47;
            var v = (d ^ u) * Mul;
            v ^= v >> 47;
            return v * Mul;
        }
    }
}
