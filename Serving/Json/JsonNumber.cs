using System.Diagnostics.CodeAnalysis;
using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>Reads JSON numbers, exact to the last bit.</summary>
public static class JsonNumber
{
    /// <summary>Reads a binary64 number.</summary>
    public static bool TryParseDouble(ReadOnlySpan<byte> json, ref int position, out double value) => throw new NotImplementedException();

    /// <summary>Reads a binary32 number.</summary>
    public static bool TryParseSingle(ReadOnlySpan<byte> json, ref int position, out float value) => throw new NotImplementedException();

    /// <summary>Reads a whole number.</summary>
    public static bool TryParseInt64(ReadOnlySpan<byte> json, ref int position, out long value) => throw new NotImplementedException();

    /// <summary>Reads a whole number.</summary>
    public static bool TryParseUInt64(ReadOnlySpan<byte> json, ref int position, out ulong value) => throw new NotImplementedException();

    [DoesNotReturn]
    internal static void ThrowInvalid(ReadOnlySpan<byte> json, int position, DType dtype) => throw new NotImplementedException();
}
