using System.Runtime.InteropServices;
using System.Text;

namespace Granary.Torch;

/// <summary>Asks the CUDA driver about the GPUs. Pairs with NativeGpus.cpp.</summary>
internal static unsafe partial class NativeGpus
{
    /// <summary>One GPU by libtorch's index.</summary>
    /// <exception cref="TorchException">The driver does not answer.</exception>
    public static GpuInfo Describe(int index)
    {
        const int capacity = 256;
        var name = stackalloc byte[capacity];
        NativeError.ThrowIfAny(Describe(index, name, capacity, out var total, out var free));
        var text = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name));
        return new GpuInfo(index, text, total, free < 0 ? null : free);
    }

    // Writes at most capacity bytes to name, with a NUL at the end. Thread-safe. Returns an error object or null.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_gpus_describe")]
    private static partial nint Describe(int index, byte* name, int capacity, out long total, out long free);
}
