using System.Buffers;
using System.Text;
using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet.OnChain;

/// <summary>The bytes of an on-chain request, in a pooled array.</summary>
internal sealed class HexData : IDisposable
{
    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789abcdefABCDEF"u8);
    private byte[]? _bytes;
    private readonly int _length;

    private HexData(byte[] bytes, int length)
    {
        _bytes = bytes;
        _length = length;
    }

    /// <summary>The bytes; none after disposal.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _bytes is null ? 0 : _length);

    /// <summary>Reads hex digits of either case, with or without <c>0x</c>, white space around them.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: nothing, an odd number of digits, something else than digits.</exception>
    public static HexData Read(JsonString text) =>
        // No hex digit needs an escape, so whoever writes one may pay for the copy.
        Read(text.Raw.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(text.ToString()) : text.Raw);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _bytes, null) is { } bytes)
            ArrayPool<byte>.Shared.Return(bytes);
    }

    private static HexData Read(ReadOnlySpan<byte> text)
    {
        var digits = text.Trim(" \t\r\n"u8);
        if (digits.StartsWith("0x"u8) || digits.StartsWith("0X"u8))
            digits = digits[2..];
        if (digits.IsEmpty)
            throw Invalid("data is empty; expected the ABI-encoded request in hexadecimal");
        if (digits.IndexOfAnyExcept(Digits) is >= 0 and var wrong)
            throw Invalid($"data holds something else than hexadecimal digits at digit {wrong}");
        if (digits.Length % 2 != 0)
            throw Invalid($"data has {digits.Length} hexadecimal digits, an odd number");
        var bytes = ArrayPool<byte>.Shared.Rent(digits.Length / 2);
        Convert.FromHexString(digits, bytes, out _, out var written);
        return new HexData(bytes, written);
    }

    private static ServingException Invalid(string message) => new(ServingError.InvalidArgument, message);
}
