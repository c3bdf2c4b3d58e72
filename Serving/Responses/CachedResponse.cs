using System.Numerics;
using Granary.Torch;

namespace Granary.Serving.Responses;

/// <summary>One answer that is kept. Guarded by the lock of its <see cref="ResponseCache"/>.</summary>
internal sealed class CachedResponse(ResponseScope scope, RequestDigest digest, Value value, long bytes)
{
    /// <summary>What an entry takes besides its values: itself, its place in a dictionary and in the order of use.</summary>
    private const int OverheadBytes = 256;
    private const int ValueBytes = 48;
    private const int TensorBytes = 128;

    public ResponseScope Scope { get; } = scope;

    public RequestDigest Digest { get; } = digest;

    /// <summary>Holds a reference to the memory of its tensors; ends with the entry.</summary>
    public Value Value { get; } = value;

    public long Bytes { get; } = bytes;

    /// <summary>Neighbours in the order of use.</summary>
    public CachedResponse? Newer { get; set; }

    public CachedResponse? Older { get; set; }

    /// <summary>The memory that keeping a value takes.</summary>
    public static long Measure(Value value) => OverheadBytes + Size(value);

    private static long Size(Value value) => value switch
    {
        // Pooled memory comes in powers of two, from 64 bytes on; larger blocks are as large as they must be.
        Tensor tensor => TensorBytes + (8 * tensor.Shape.Length) + (tensor.ByteLength > 1 << 24 ? tensor.ByteLength : BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, tensor.ByteLength))),
        StringValue text => ValueBytes + (2L * text.Text.Length),
        ListValue list => Size(list.Items),
        TupleValue tuple => Size(tuple.Items),
        DictValue dict => Size(dict),
        _ => ValueBytes,
    };

    private static long Size(IReadOnlyList<Value> items)
    {
        long size = ValueBytes;
        for (var i = 0; i < items.Count; i++)
            size += 8 + Size(items[i]);
        return size;
    }

    private static long Size(DictValue dict)
    {
        long size = ValueBytes;
        foreach (var (key, value) in dict.Entries)
            size += 16 + Size(key) + Size(value);
        return size;
    }
}
