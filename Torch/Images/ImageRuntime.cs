namespace Granary.Torch;

/// <summary>The image library in this process: loaded on first use. It needs no libtorch. Thread-safe.</summary>
public static class ImageRuntime
{
    private const string HowToInstall = "start with ./run as root, or 'apt install libpng-dev libjpeg-dev libwebp-dev' and build/native.sh";

    // A failure is remembered: what the loader has refused once it refuses again.
    private static readonly Lazy<bool> Loaded = new(Load, LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>Native error objects that were made and not freed: what stays is a leak.</summary>
    /// <exception cref="ImageException">See <see cref="Initialize"/>.</exception>
    public static long LiveErrors
    {
        get
        {
            Initialize();
            return NativeImage.GetLiveErrors();
        }
    }

    /// <summary>Loads the library unless it is; later calls cost nothing.</summary>
    /// <exception cref="ImageException"><see cref="ImageFailure.Library"/>: missing; the message says what to install.</exception>
    public static void Initialize() => _ = Loaded.Value;

    private static bool Load()
    {
        int abi;
        try
        {
            abi = NativeImage.GetAbi();
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            throw Missing($"images cannot be read: {Reason(error.Message)}; {HowToInstall}");
        }

        return abi == NativeImage.Abi
            ? true
            : throw Missing($"{NativeImage.FileName} is of another build of Granary (interface {abi}, this one needs {NativeImage.Abi}): run build/native.sh and build again");
    }

    private static string Reason(string message) =>
        File.Exists(Path.Combine(AppContext.BaseDirectory, NativeImage.FileName)) ? NativeRuntime.Reason(message) : $"{NativeImage.FileName} was not built";

    private static ImageException Missing(string message) => new(ImageFailure.Library, message);
}
