using System.Numerics;
using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>Integers with a sign: int8 to int64.</summary>
internal readonly unsafe struct SignedElement<T> : IElement<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    public static DType DType => sizeof(T) switch { 1 => DType.Int8, 2 => DType.Int16, 4 => DType.Int32, _ => DType.Int64 };

    public static bool TryRead(ref byte* p, byte* end, out T value)
    {
        var start = p;
        var result = WholeNumbers.Read(ref p, end, out var magnitude, out var negative);
        var largest = ulong.CreateTruncating(T.MaxValue) + (negative ? 1u : 0);
        value = T.CreateTruncating(negative ? 0 - magnitude : magnitude);
        if (result == WholeNumberResult.Ok && magnitude <= largest)
            return true;
        p = start;
        return false;
    }

    public static T FromBoolean(bool value) => value ? T.One : T.Zero;
}

/// <summary>Integers without a sign: uint8 to uint64.</summary>
internal readonly unsafe struct UnsignedElement<T> : IElement<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    public static DType DType => sizeof(T) switch { 1 => DType.UInt8, 2 => DType.UInt16, 4 => DType.UInt32, _ => DType.UInt64 };

    public static bool TryRead(ref byte* p, byte* end, out T value)
    {
        var start = p;
        var result = WholeNumbers.Read(ref p, end, out var magnitude, out var negative);
        value = T.CreateTruncating(magnitude);
        if (result == WholeNumberResult.Ok && !negative && magnitude <= ulong.CreateTruncating(T.MaxValue))
            return true;
        p = start;
        return false;
    }

    public static T FromBoolean(bool value) => value ? T.One : T.Zero;
}

/// <summary>bool: true, false, 1 and 0.</summary>
internal readonly unsafe struct BoolElement : IElement<byte>
{
    public static DType DType => DType.Bool;

    public static bool TryRead(ref byte* p, byte* end, out byte value)
    {
        var start = p;
        if (UnsignedElement<byte>.TryRead(ref p, end, out value) && value <= 1)
            return true;
        p = start;
        return false;
    }

    public static byte FromBoolean(bool value) => value ? (byte)1 : (byte)0;
}
