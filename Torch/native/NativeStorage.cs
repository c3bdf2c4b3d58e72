using System.Runtime.InteropServices;

namespace Granary.Torch;

/// <summary>A block of libtorch's memory. Pairs with NativeStorage.cpp.</summary>
internal sealed partial class NativeStorage : SafeHandle
{
    private NativeStorage(nint storage, nint data)
        : base(0, ownsHandle: true)
    {
        SetHandle(storage);
        Data = data;
    }

    /// <summary>Address of the first byte; zero when there are none.</summary>
    public nint Data { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Uninitialised memory; <see cref="NativeRuntime.Load"/> came first.</summary>
    /// <exception cref="TorchException"><see cref="TorchFailure.OutOfMemory"/>.</exception>
    public static NativeStorage Allocate(long bytes)
    {
        NativeError.ThrowIfAny(Allocate(bytes, out var storage, out var data));
        return new NativeStorage(storage, data);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Free(handle);
        return true;
    }

    // The caller owns the storage; the data lives as long as it, or as a module that was built with it. Thread-safe.
    // Returns an error object (OutOfMemory) or null.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_storage_allocate")]
    private static partial nint Allocate(long bytes, out nint storage, out nint data);

    // Ends the caller's hold of the memory. Thread-safe.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_storage_free")]
    private static partial void Free(nint storage);
}
