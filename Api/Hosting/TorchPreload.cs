using Granary.Torch;

namespace Granary.Api.Hosting;

/// <summary>Loads libtorch (a third of a second) beside everything else that a start does.</summary>
internal static class TorchPreload
{
    /// <summary>Returns at once.</summary>
    public static void Start() => new Thread(Load) { IsBackground = true, Name = "libtorch preload" }.Start();

    private static void Load()
    {
        try
        {
            TorchRuntime.Initialize();
        }
        catch (TorchException)
        {
            // The runtime remembers the failure: the first load of a model tells it, with what to install.
        }
    }
}
