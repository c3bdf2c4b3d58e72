using System.Runtime.InteropServices;

namespace Granary.Torch;

/// <summary>A loaded module of the shim. Pairs with NativeModule.cpp.</summary>
/// <remarks>
/// A call holds a reference for as long as it runs, so disposing while calls run frees the module after the last of them.
/// </remarks>
internal sealed unsafe partial class NativeModule : SafeHandle
{
    // Of the flags of a call, see NativeModule.cpp.
    private const int ThreadsShift = 8;

    private NativeModule(nint module)
        : base(0, ownsHandle: true) => SetHandle(module);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Loads a file; <see cref="NativeRuntime.Load"/> came first.</summary>
    /// <exception cref="TorchException">The file is no model, or not one that this libtorch can run.</exception>
    public static NativeModule Load(string path, string device, bool optimize)
    {
        NativeError.ThrowIfAny(Load(path, device, optimize ? 1 : 0, out var module));
        return new NativeModule(module);
    }

    /// <summary>Makes a module from a blueprint tape; <see cref="NativeRuntime.Load"/> came first.</summary>
    /// <exception cref="TorchException">The blueprint is wrong or not one that this libtorch can run.</exception>
    public static NativeModule Build(ReadOnlySpan<byte> blueprint, string device, bool optimize)
    {
        nint error, module;
        fixed (byte* start = blueprint)
            error = Build(start, blueprint.Length, device, optimize ? 1 : 0, out module);
        NativeError.ThrowIfAny(error);
        return new NativeModule(module);
    }

    /// <summary>The description tape; valid while this lives.</summary>
    public byte* Describe()
    {
        NativeError.ThrowIfAny(Describe(this, out var tape));
        return tape;
    }

    /// <summary>Calls a method, bit for bit repeatable when asked, else on so many threads (0: as the process); the caller owns the result.</summary>
    /// <exception cref="TorchException">The arguments do not fit or the model failed.</exception>
    /// <exception cref="ObjectDisposedException">The module was disposed.</exception>
    public NativeResult Invoke(int method, bool deterministic, int threads, ReadOnlySpan<byte> arguments, out byte* tape)
    {
        nint error, result;
        fixed (byte* start = arguments)
            error = Invoke(this, method, deterministic ? 1 : threads << ThreadsShift, start, arguments.Length, out result, out tape);
        NativeError.ThrowIfAny(error);
        return new NativeResult(result);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Free(handle);
        return true;
    }

    // The caller owns the module. Thread-safe. Returns an error object (Load, MissingOperator, OutOfMemory) or null.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_module_load", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Load(string path, string device, int flags, out nint module);

    // Reads the blueprint tape, the tensors and the storages it points to only until it returns; the caller owns the module.
    // Thread-safe. Returns an error object (Load, Unsupported, OutOfMemory) or null.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_module_build", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Build(byte* tape, long length, string device, int flags, out nint module);

    // The tape belongs to the module. Thread-safe. Returns an error object or null.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_module_describe")]
    private static partial nint Describe(NativeModule module, out byte* tape);

    // Reads the argument tape and the tensors it points to only until it returns; the caller owns the result, which
    // owns the result tape. Thread-safe: any number of calls at once. Returns an error object or null.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_module_invoke")]
    private static partial nint Invoke(NativeModule module, int method, int flags, byte* tape, long length, out nint result, out byte* resultTape);

    // Ends the module's life; no call may be running.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_module_free")]
    private static partial void Free(nint module);
}
