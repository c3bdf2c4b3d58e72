namespace Granary.Serving.Json;

/// <summary>Writes single JSON values.</summary>
public static class JsonScalarWriter
{
    /// <summary>Writes a quoted, escaped string.</summary>
    public static void WriteString(PooledBufferWriter writer, ReadOnlySpan<char> text) => throw new NotImplementedException();

    /// <summary>Writes a whole number.</summary>
    public static void WriteInt64(PooledBufferWriter writer, long value) => throw new NotImplementedException();

    /// <summary>Writes a number as Python's json does: <c>1.0</c>, <c>1e-07</c>, <c>NaN</c>, <c>Infinity</c>.</summary>
    public static void WriteDouble(PooledBufferWriter writer, double value) => throw new NotImplementedException();

    /// <summary>Writes true or false.</summary>
    public static void WriteBoolean(PooledBufferWriter writer, bool value) => writer.Write(value ? "true"u8 : "false"u8);
}
