using System.Buffers;
using System.Text;

namespace Granary.Serving.Json;

/// <summary>
/// A JSON string (a property name or a value) as it stands in the text: checked, not yet unescaped.
/// Comparing it allocates nothing.
/// </summary>
public readonly ref struct JsonString
{
    private const int StackBytes = 256;
    private readonly bool _escaped;

    internal JsonString(ReadOnlySpan<byte> raw, int position, bool escaped)
    {
        Raw = raw;
        Position = position;
        _escaped = escaped;
    }

    /// <summary>The UTF-8 bytes between the quotes, escapes and all.</summary>
    public ReadOnlySpan<byte> Raw { get; }

    /// <summary>Where the opening quote stands, in bytes.</summary>
    public int Position { get; }

    /// <summary>Whether the unescaped text equals <paramref name="utf8"/>.</summary>
    public bool Is(ReadOnlySpan<byte> utf8)
    {
        if (!_escaped)
            return Raw.SequenceEqual(utf8);
        // An escape is never shorter than what it stands for.
        if (utf8.Length > Raw.Length)
            return false;
        byte[]? rented = null;
        var buffer = Raw.Length <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(Raw.Length);
        var equal = buffer[..CopyTo(buffer)].SequenceEqual(utf8);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return equal;
    }

    /// <summary>Writes the unescaped text as UTF-8 into <paramref name="destination"/>, which holds at least <c>Raw.Length</c> bytes.</summary>
    /// <returns>The number of bytes written.</returns>
    public int CopyTo(Span<byte> destination)
    {
        if (_escaped)
            return JsonEscapes.Unescape(Raw, destination);
        Raw.CopyTo(destination);
        return Raw.Length;
    }

    /// <summary>The unescaped text.</summary>
    public override string ToString()
    {
        if (!_escaped)
            return Encoding.UTF8.GetString(Raw);
        byte[]? rented = null;
        var buffer = Raw.Length <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(Raw.Length);
        var text = Encoding.UTF8.GetString(buffer[..CopyTo(buffer)]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return text;
    }
}
