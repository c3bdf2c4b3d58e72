using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet.OnChain;

/// <summary>Writes ABI words into a pooled buffer.</summary>
internal static class AbiWriter
{
    // An answer carries two hex digits a byte beside the rest of its JSON, in one array.
    private static readonly int MaxElements = (Array.MaxLength / (2 * AbiWord.Size)) - 1024;

    /// <summary>Appends one word.</summary>
    public static void Write(PooledBufferWriter buffer, AbiWord word)
    {
        word.Store(buffer.GetSpan(AbiWord.Size));
        buffer.Advance(AbiWord.Size);
    }

    /// <summary>Appends an unsigned number: an id, an offset or a length.</summary>
    public static void Write(PooledBufferWriter buffer, ulong value) => Write(buffer, AbiWord.From(value));

    /// <summary>Appends the length of an array and hands out the room of its elements, which the caller fills.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.TooLarge"/>: no answer holds that many elements.</exception>
    public static Span<byte> BeginArray(PooledBufferWriter buffer, long count)
    {
        if (count > MaxElements)
            throw new ServingException(ServingError.TooLarge, $"The model returned {count} values; an on-chain answer holds at most {MaxElements}");
        Write(buffer, (ulong)count);
        var bytes = (int)count * AbiWord.Size;
        var room = buffer.GetSpan(bytes)[..bytes];
        buffer.Advance(bytes);
        return room;
    }

    /// <summary>Appends a shape as <c>uint16[]</c>.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.Unsupported"/>: a size needs more than 16 bits.</exception>
    public static void WriteShape(PooledBufferWriter buffer, ReadOnlySpan<long> shape)
    {
        Write(buffer, (ulong)shape.Length);
        foreach (var size in shape)
        {
            Write(buffer, size <= ushort.MaxValue
                ? (ulong)size
                : throw AbiErrors.Inexpressible($"The model returned shape [{string.Join(',', shape.ToArray())}]; an on-chain vector holds sizes up to {ushort.MaxValue}"));
        }
    }
}
