using System.Runtime.InteropServices;

namespace Granary.Torch;

/// <summary>The C heap, from which libtorch takes its tensors.</summary>
public static partial class NativeHeap
{
    /// <summary>
    /// Returns freed memory to the operating system, so that an unloaded model's pages do not stay resident. Walks all arenas:
    /// milliseconds. Does nothing where the C library is not glibc.
    /// </summary>
    public static void Trim()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = MallocTrim(0);
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            // musl has no such call and keeps no such caches.
        }
    }

    // malloc_trim(3): thread-safe; 1 when memory was given back, 0 when there was none.
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint pad);
}
