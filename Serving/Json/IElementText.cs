namespace Granary.Serving.Json;

/// <summary>How one element of a dtype is written. Implemented by empty structs, so that the JIT makes one loop a dtype.</summary>
/// <typeparam name="T">The element as it lies in the tensor's memory.</typeparam>
internal interface IElementText<T>
    where T : unmanaged
{
    /// <summary>Bytes that always suffice for one element.</summary>
    const int MaxBytes = 64;

    /// <summary>Writes the element.</summary>
    /// <returns>The number of bytes written.</returns>
    static abstract int Write(T value, Span<byte> destination);
}
