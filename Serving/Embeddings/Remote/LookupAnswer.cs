using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Granary.Serving.Embeddings.Speedy;

namespace Granary.Serving.Embeddings.Remote;

/// <summary>What an embedding server answers: that it went well, a count, and the numbers, in the order of the request.</summary>
public static class LookupAnswer
{
    /// <summary>Bytes before the numbers of <c>lookup_mixed</c>.</summary>
    public const int MixedHeadBytes = sizeof(byte) + sizeof(uint);

    /// <summary>Bytes before the numbers of <c>lookup_inference</c>, which come in a block with a length of its own.</summary>
    public const int InferenceHeadBytes = MixedHeadBytes + sizeof(uint);

    private const byte WentWell = 1;

    /// <summary>Writes what stands before the numbers of <c>lookup_mixed</c>.</summary>
    /// <param name="head"><see cref="MixedHeadBytes"/>.</param>
    /// <param name="elements">How many numbers follow.</param>
    public static void WriteMixedHead(Span<byte> head, int elements)
    {
        head[0] = WentWell;
        BinaryPrimitives.WriteInt32LittleEndian(head[sizeof(byte)..], elements);
    }

    /// <summary>Writes what stands before the numbers of <c>lookup_inference</c>.</summary>
    /// <param name="head"><see cref="InferenceHeadBytes"/>.</param>
    /// <param name="elements">How many numbers follow.</param>
    public static void WriteInferenceHead(Span<byte> head, int elements)
    {
        WriteMixedHead(head, sizeof(uint) + (elements * sizeof(float)));
        BinaryPrimitives.WriteInt32LittleEndian(head[MixedHeadBytes..], elements);
    }

    /// <summary>Checks an answer to <c>lookup_mixed</c>.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="elements">As many numbers as were asked for.</param>
    /// <param name="server">Who answered, for the error.</param>
    /// <returns>The numbers as they came.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.SourceFailed"/>: the server failed, or answers something else.</exception>
    public static ReadOnlySpan<byte> ReadMixed(ReadOnlySpan<byte> bytes, int elements, string server)
    {
        try
        {
            var reader = new SpeedyReader(bytes);
            if (!reader.ReadFlag())
                throw new ServingException(ServingError.SourceFailed, $"embedding server '{server}' refuses the lookup; its log says why");
            var count = reader.ReadCount(sizeof(float));
            if (count != elements)
                throw new SpeedyException(sizeof(byte), $"{count} numbers came and {elements} were asked for");
            var numbers = reader.ReadElements(count, sizeof(float));
            reader.End();
            return numbers;
        }
        catch (SpeedyException error)
        {
            throw new ServingException(ServingError.SourceFailed, $"embedding server '{server}' answers something else than embeddings: {error.Message}", error);
        }
    }

    /// <summary>Copies numbers out of an answer, which need not lie aligned.</summary>
    internal static void Copy(ReadOnlySpan<byte> numbers, Span<float> to) => numbers.CopyTo(MemoryMarshal.AsBytes(to));
}
