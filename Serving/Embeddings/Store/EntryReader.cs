using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Granary.Serving.Embeddings.Store;

/// <summary>Reads entries of both generations: a sign, and numbers of which the first are the embedding and the others the optimizer's.</summary>
internal static class EntryReader
{
    /// <summary>The least that an entry takes: a count, a dimension and a sign, and one element.</summary>
    public const int LeastBytes = sizeof(uint) + sizeof(ulong) + sizeof(ulong) + sizeof(float);

    /// <summary>The least that an entry of an early packet takes.</summary>
    public const int LeastPacketBytesV0 = sizeof(ulong) + sizeof(uint) + sizeof(float);

    private const int MostDim = 65_536;
    // The embedding, and what an optimizer keeps for it.
    private const int MostFloats = MostDim * 8;

    /// <summary>The numbers, their dimension, the sign.</summary>
    public static void ReadV2(FileCursor file, EntrySink sink)
    {
        var offset = file.Offset;
        var bytes = ReadFloats(file, sizeof(ulong) + sizeof(ulong), out var count);
        var dim = CheckDim(offset, BinaryPrimitives.ReadUInt64LittleEndian(bytes[(count * sizeof(float))..]), count);
        sink.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes[((count * sizeof(float)) + sizeof(ulong))..]), Floats(bytes, dim));
    }

    /// <summary>The sign, the numbers, their dimension.</summary>
    public static void ReadV0(FileCursor file, EntrySink sink)
    {
        var sign = file.ReadUInt64();
        var offset = file.Offset;
        var bytes = ReadFloats(file, sizeof(ulong), out var count);
        sink.Add(sign, Floats(bytes, CheckDim(offset, BinaryPrimitives.ReadUInt64LittleEndian(bytes[(count * sizeof(float))..]), count)));
    }

    /// <summary>The sign and the embedding.</summary>
    public static void ReadPacketV0(FileCursor file, EntrySink sink)
    {
        var sign = file.ReadUInt64();
        var offset = file.Offset;
        var bytes = ReadFloats(file, 0, out var count);
        sink.Add(sign, Floats(bytes, CheckDim(offset, (uint)count, count)));
    }

    private static ReadOnlySpan<byte> ReadFloats(FileCursor file, int more, out int count)
    {
        var offset = file.Offset;
        var floats = file.ReadCount(sizeof(float));
        if (floats > MostFloats)
            throw new DamagedFileException(offset, $"an entry has {floats} numbers; at most {MostFloats} are allowed");
        count = (int)floats;
        return file.Take((count * sizeof(float)) + more);
    }

    private static int CheckDim(long offset, ulong dim, int count) =>
        dim is >= 1 and <= MostDim && dim <= (ulong)count
            ? (int)dim
            : throw new DamagedFileException(offset, $"an entry has {count} numbers and dimension {dim}; expected a dimension from 1 to {Math.Clamp(count, 1, MostDim)}");

    private static ReadOnlySpan<float> Floats(ReadOnlySpan<byte> bytes, int dim) => MemoryMarshal.Cast<byte, float>(bytes[..(dim * sizeof(float))]);
}
