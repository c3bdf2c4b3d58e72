using System.Globalization;

namespace Granary.Serving.Formats;

/// <summary>The device words of a definition: <c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:N</c>.</summary>
internal static class DeviceNames
{
    /// <summary>Whether the word is one of them.</summary>
    public static bool IsValid(string device) => device is "auto" or "cpu" || CudaIndex(device) is not null;

    /// <summary>The concrete device for a host with that many GPUs.</summary>
    /// <param name="device">The word of a definition.</param>
    /// <param name="gpus">GPUs of the host; asked only when the word needs it.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: no such word; <see cref="ServingError.Unavailable"/>: no such GPU here.</exception>
    public static string Resolve(string device, Func<int> gpus)
    {
        if (device == "cpu")
            return "cpu";
        if (device == "auto")
            return gpus() > 0 ? "cuda:0" : "cpu";
        var index = CudaIndex(device)
            ?? throw new ServingException(ServingError.InvalidArgument, $"'{device}' is not a device; use auto, cpu or cuda:N");
        var count = gpus();
        if (index >= count)
            throw new ServingException(ServingError.Unavailable, $"device '{device}' is not on this host, which has {count} usable GPUs; use auto or cpu");
        return $"cuda:{index}";
    }

    private static int? CudaIndex(string device)
    {
        if (device == "cuda")
            return 0;
        return device.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(device.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < 1024
            ? index
            : null;
    }
}
