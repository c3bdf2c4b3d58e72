using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Granary.Serving.Embeddings.Store;

/// <summary>Hints to the processor.</summary>
internal static unsafe class CacheLine
{
    public const int Bytes = 64;

    /// <summary>Begins to fetch the line of an address. Any address may be given; nothing happens where the processor has no such hint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }
}
