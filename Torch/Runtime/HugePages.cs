using System.Runtime.InteropServices;

namespace Granary.Torch;

/// <summary>Large pages for large tables: random reads of gigabytes spend much of their time on page tables otherwise.</summary>
public static unsafe partial class HugePages
{
    /// <summary>Bytes of a large page on the machines that have them at all.</summary>
    public const nuint Bytes = 2 << 20;

    private const int MadviseHugePage = 14;

    /// <summary>Asks for large pages. Advice only: does nothing where the system has none, and is no error then.</summary>
    /// <param name="memory">Begins on a boundary of <see cref="Bytes"/>.</param>
    /// <param name="bytes">How much.</param>
    public static void Advise(void* memory, nuint bytes)
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = Madvise(memory, bytes, MadviseHugePage);
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            // Only slower.
        }
    }

    // madvise(2): thread-safe; 0 or -1. The memory stays whose it was.
    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* memory, nuint bytes, int advice);
}
