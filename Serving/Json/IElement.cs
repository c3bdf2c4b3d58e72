using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>How one element of a dtype is read from text. Implemented by empty structs, so that the JIT makes one loop a dtype.</summary>
/// <typeparam name="T">The element as it lies in the tensor's memory.</typeparam>
internal unsafe interface IElement<T>
    where T : unmanaged
{
    /// <summary>The dtype.</summary>
    static abstract DType DType { get; }

    /// <summary>Reads the number at <paramref name="p"/> and moves behind it; leaves it alone when there is none of this dtype.</summary>
    static abstract bool TryRead(ref byte* p, byte* end, out T value);

    /// <summary>What true and false are in this dtype.</summary>
    static abstract T FromBoolean(bool value);
}
