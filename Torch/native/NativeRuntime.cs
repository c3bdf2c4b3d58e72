using System.Runtime.InteropServices;

namespace Granary.Torch;

/// <summary>Finds the shim, checks that it is of this build and sets libtorch up. Pairs with NativeRuntime.cpp.</summary>
internal static unsafe partial class NativeRuntime
{
    /// <summary>The shim's name in every import of this assembly.</summary>
    public const string Library = "granary_torch";

    /// <summary>Must equal <c>kAbi</c> in Shim.h.</summary>
    public const int Abi = 3;

    private const string FileName = "libgranary_torch.so";
    private const string HowToInstall =
        "start with ./run as root, or 'apt install libtorch-dev libopenblas0-pthread' and build/native.sh; LIBTORCH=<directory of a libtorch> selects another libtorch";

    /// <summary>Loads the shim and libtorch, about 0.3 s and 156 MB. Call once.</summary>
    /// <param name="threads">Threads inside one operator, at least 1.</param>
    /// <exception cref="TorchException">Something is missing or of another version; the message says what to install.</exception>
    public static void Load(int threads)
    {
        var assembly = typeof(NativeRuntime).Assembly;
        var library = Open(AppContext.BaseDirectory, Path.GetDirectoryName(assembly.Location) ?? "");
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == Library ? library : 0);
        var abi = GetAbi();
        if (abi != Abi)
            throw Missing($"{FileName} is of another build of Granary (interface {abi}, this one needs {Abi}): run build/native.sh and build again");
        NativeError.ThrowIfAny(Initialize(threads));
    }

    /// <summary>Opens the shim in the first of the folders that has it.</summary>
    /// <exception cref="TorchException">It is in none, or libtorch is missing.</exception>
    internal static nint Open(params ReadOnlySpan<string> folders)
    {
        foreach (var folder in folders)
        {
            var path = Path.Combine(folder, FileName);
            if (!File.Exists(path))
                continue;
            try
            {
                return NativeLibrary.Load(path);
            }
            catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
            {
                throw Missing($"libtorch cannot be loaded: {Reason(error.Message)}; {HowToInstall}");
            }
        }

        throw Missing($"{FileName} is not beside Granary.Torch.dll: it was not built; {HowToInstall}");
    }

    // The dynamic linker says "libtorch_cpu.so.1.13: cannot open shared object file"; .NET adds advice and paths.
    internal static string Reason(string message)
    {
        foreach (var line in message.Split('\n'))
        {
            var at = line.IndexOf(": cannot open shared object file", StringComparison.Ordinal);
            if (at > 0 && !line.StartsWith('/'))
                return line[..at].Split(' ')[^1] + " is not on this machine";
            at = line.IndexOf(": undefined symbol: ", StringComparison.Ordinal);
            if (at > 0)
                return "it is not the version that the shim was built for" + line[at..];
        }

        return "the dynamic linker refused it";
    }

    private static TorchException Missing(string message) => new(TorchFailure.Library, message);

    // No failure, no memory. Thread-safe.
    [LibraryImport(Library, EntryPoint = "granary_runtime_abi")]
    private static partial int GetAbi();

    // Process-wide settings: once, before any other call. Returns an error object or null.
    [LibraryImport(Library, EntryPoint = "granary_runtime_initialize")]
    private static partial nint Initialize(int threads);

    // The tape lives as long as the process. Thread-safe. Returns an error object or null.
    [LibraryImport(Library, EntryPoint = "granary_runtime_describe")]
    public static partial nint Describe(out byte* tape);

    // Of the calling thread and the process; fromEnvironment is OMP_NUM_THREADS at process start, 0 without. Thread-safe.
    [LibraryImport(Library, EntryPoint = "granary_runtime_threads")]
    public static partial nint GetThreads(out int intraOp, out int interOp, out int fromEnvironment);

    // Runs a small operation on the calling thread. Thread-safe. Returns an error object or null.
    [LibraryImport(Library, EntryPoint = "granary_runtime_warm_thread")]
    public static partial nint WarmThread();

    // Reads four counters, each exact, not one snapshot. Thread-safe.
    [LibraryImport(Library, EntryPoint = "granary_runtime_live")]
    public static partial void GetLive(out long modules, out long results, out long errors, out long storages);
}
