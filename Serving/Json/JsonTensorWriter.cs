using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>Writes tensors as JSON numbers that read back to the same bits; floats look as Python prints them.</summary>
public static class JsonTensorWriter
{
    /// <summary>Writes all elements as one list, row-major.</summary>
    public static void WriteFlat(PooledBufferWriter writer, Tensor tensor) => throw new NotImplementedException();

    /// <summary>Writes one list for each item of the first dimension, each flattened: <c>[[…],[…]]</c>.</summary>
    public static void WriteRows(PooledBufferWriter writer, Tensor tensor) => throw new NotImplementedException();

    /// <summary>Writes lists nested as the shape says; a bare value for a zero-dimensional tensor.</summary>
    public static void WriteNested(PooledBufferWriter writer, Tensor tensor) => throw new NotImplementedException();

    /// <summary>Writes the sizes, such as <c>[1,8]</c>.</summary>
    public static void WriteShape(PooledBufferWriter writer, ReadOnlySpan<long> shape) => throw new NotImplementedException();
}
