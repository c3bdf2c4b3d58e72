using System.Runtime.InteropServices;
using System.Text;

namespace Granary.Torch;

/// <summary>The image library. Pairs with NativeImage.cpp; nothing here keeps native memory after it returned, errors apart.</summary>
internal static unsafe partial class NativeImage
{
    /// <summary>The library's name in every import.</summary>
    public const string Library = "granary_image";

    /// <summary>Its file, beside this assembly.</summary>
    public const string FileName = "libgranary_image.so";

    /// <summary>Must equal <c>kAbi</c> in Image.h.</summary>
    public const int Abi = 1;

    /// <summary>Throws what an export returned; nothing for null.</summary>
    /// <exception cref="ImageException">The call failed.</exception>
    public static void ThrowIfAny(nint error)
    {
        if (error == 0)
            return;
        ReadError(error, out var code, out var text, out var length);
        var message = Encoding.UTF8.GetString(text, checked((int)length));
        FreeError(error);
        throw new ImageException((ImageFailure)code, message);
    }

    // No failure, no memory. Thread-safe, as all of them are.
    [LibraryImport(Library, EntryPoint = "granary_image_abi")]
    public static partial int GetAbi();

    // Errors that were made and not freed.
    [LibraryImport(Library, EntryPoint = "granary_image_live")]
    public static partial long GetLiveErrors();

    // The text belongs to the error and lives until FreeError.
    [LibraryImport(Library, EntryPoint = "granary_image_error_read")]
    private static partial void ReadError(nint error, out int code, out byte* text, out long length);

    // Ends the error's life; null is allowed.
    [LibraryImport(Library, EntryPoint = "granary_image_error_free")]
    private static partial void FreeError(nint error);

    // Returns an error object or null.
    [LibraryImport(Library, EntryPoint = "granary_image_describe")]
    public static partial nint Describe(byte* data, long length, out int format, out int width, out int height);

    // rgb has room for width * height * 3 bytes. Returns an error object or null.
    [LibraryImport(Library, EntryPoint = "granary_image_decode")]
    public static partial nint Decode(byte* data, long length, int format, int width, int height, byte* rgb);

    // In place; the first count bytes are the result.
    [LibraryImport(Library, EntryPoint = "granary_image_grey")]
    public static partial void ToGrey(byte* pixels, long count);

    // pixels has one readable byte after its last; result has room for the window. Returns an error object or null.
    [LibraryImport(Library, EntryPoint = "granary_image_resample")]
    public static partial nint Resample(
        byte* pixels, int width, int height, int channels, int targetWidth, int targetHeight, int left, int top, int windowWidth, int windowHeight, byte* result);

    // table has 256 floats a channel; the target's planes are plane floats apart, its rows row floats.
    [LibraryImport(Library, EntryPoint = "granary_image_planes")]
    public static partial void ToPlanes(byte* pixels, long stride, int channels, int width, int height, float* table, float* target, long plane, long row);
}
