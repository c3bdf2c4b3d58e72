using System.Runtime.InteropServices;
using System.Text;

namespace Granary.Torch;

/// <summary>Error objects of the shim. Pairs with NativeError.cpp.</summary>
internal static unsafe partial class NativeError
{
    /// <summary>Throws what an export returned; nothing for null.</summary>
    /// <exception cref="TorchException">The call failed.</exception>
    public static void ThrowIfAny(nint error)
    {
        if (error != 0)
            throw Take(error);
    }

    /// <summary>Makes an exception of an error object and frees it.</summary>
    public static TorchException Take(nint error)
    {
        Read(error, out var code, out var text, out var length);
        var message = Encoding.UTF8.GetString(text, checked((int)length));
        Free(error);
        return new TorchException((TorchFailure)code, message);
    }

    // The text belongs to the error and lives until Free. Thread-safe: an error belongs to one thread.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_error_read")]
    private static partial void Read(nint error, out int code, out byte* text, out long length);

    // Ends the error's life; null is allowed.
    [LibraryImport(NativeRuntime.Library, EntryPoint = "granary_error_free")]
    private static partial void Free(nint error);
}
