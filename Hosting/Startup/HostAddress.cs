namespace Granary.Hosting.Startup;

/// <summary>Hosts and ports that are given apart.</summary>
internal static class HostAddress
{
    /// <summary>Where a process on a desk listens.</summary>
    public const string Default = "127.0.0.1";

    /// <summary>The text of a <see cref="BindAddress"/>: an IPv6 address gets brackets.</summary>
    public static string With(string host, int port) => host.Contains(':') && !host.StartsWith('[') ? $"[{host}]:{port}" : $"{host}:{port}";
}
