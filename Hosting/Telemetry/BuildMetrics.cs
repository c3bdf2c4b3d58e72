using System.Reflection;
using System.Runtime.InteropServices;
using Granary.Torch;

namespace Granary.Hosting.Telemetry;

/// <summary>Which versions run here.</summary>
internal static class BuildMetrics
{
    // Null when libtorch cannot be loaded; asked once, because a failure to load it is final.
    private static readonly Lazy<string?> LibTorch = new(ReadLibTorchVersion);

    /// <summary>The version of this service, without the commit that the compiler appends.</summary>
    public static string Version { get; } =
        typeof(BuildMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static void Write(PrometheusText text)
    {
        string[] labels =
        [
            PrometheusText.Label("version", Version),
            PrometheusText.Label("dotnet", RuntimeInformation.FrameworkDescription),
            PrometheusText.Label("libtorch", LibTorch.Value ?? "none"),
        ];
        text.Family("granary_build_info", "gauge", "Versions of this service; always 1.");
        text.Sample("granary_build_info", string.Join(',', labels), 1);
        if (LibTorch.Value is not null)
            WriteLiveObjects(text, TorchRuntime.LiveObjects);
    }

    private static void WriteLiveObjects(PrometheusText text, LiveObjects live)
    {
        const string Name = "granary_native_objects";
        text.Family(Name, "gauge", "Native objects that are alive; all but modules fall back to zero when nothing runs or loads.");
        text.Sample(Name, "kind=\"module\"", live.Modules);
        text.Sample(Name, "kind=\"result\"", live.Results);
        text.Sample(Name, "kind=\"error\"", live.Errors);
        text.Sample(Name, "kind=\"storage\"", live.Storages);
    }

    private static string? ReadLibTorchVersion()
    {
        try
        {
            return TorchRuntime.Version;
        }
        catch (TorchException)
        {
            return null;
        }
    }
}
