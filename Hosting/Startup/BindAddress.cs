using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Granary.Hosting.Startup;

/// <summary>An address to listen on, as hypercorn's <c>--bind</c> writes it.</summary>
/// <param name="Host">A name, an IPv4 or IPv6 address without brackets, or <c>*</c> for every interface.</param>
/// <param name="Port">0 lets the system choose.</param>
internal readonly record struct BindAddress(string Host, int Port)
{
    /// <summary>The port of an Infernet container.</summary>
    public const int DefaultPort = 3000;

    private const string Forms = "expected HOST:PORT, [IPV6]:PORT, HOST or PORT";

    /// <summary>Reads one address; <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(string text, out BindAddress address, [NotNullWhen(false)] out string? error)
    {
        text = text.Trim();
        address = default;
        error = null;
        if (text.StartsWith("unix:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("fd:", StringComparison.OrdinalIgnoreCase))
            error = $"'{text}' is a socket file or descriptor, which Granary does not listen on; {Forms}";
        else if (IsNumber(text))
            error = TryPort(text, out var port) ? Set(out address, "127.0.0.1", port) : BadPort(text, text);
        else if (text.StartsWith('['))
            error = ParseBracketed(text, out address);
        else
            error = ParsePlain(text, out address);
        return error is null;
    }

    /// <summary>The address as it is written in a URL.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static string? ParseBracketed(string text, out BindAddress address)
    {
        address = default;
        var end = text.IndexOf(']');
        if (end < 0 || !IPAddress.TryParse(text.AsSpan(1, Math.Max(end - 1, 0)), out var ip))
            return $"'{text}' is no IPv6 address in brackets; {Forms}";
        var rest = text[(end + 1)..];
        if (rest.Length == 0)
            return Set(out address, ip.ToString(), DefaultPort);
        if (rest[0] != ':' || !TryPort(rest[1..], out var port))
            return BadPort(text, rest.TrimStart(':'));
        return Set(out address, ip.ToString(), port);
    }

    private static string? ParsePlain(string text, out BindAddress address)
    {
        address = default;
        var colon = text.LastIndexOf(':');
        if (colon >= 0 && text.IndexOf(':') != colon)
            return $"'{text}' has several colons; write an IPv6 address in brackets: [{text}]:{DefaultPort}";
        var host = colon < 0 ? text : text[..colon];
        if (host.Length == 0 && colon != 0)
            return $"the address is empty; {Forms}";
        if (host.Length > 0 && host != "*" && Uri.CheckHostName(host) is not (UriHostNameType.Dns or UriHostNameType.IPv4))
            return $"'{host}' is no host name or address; {Forms}";
        var port = DefaultPort;
        if (colon >= 0 && !TryPort(text[(colon + 1)..], out port))
            return BadPort(text, text[(colon + 1)..]);
        return Set(out address, host.Length == 0 ? "*" : host, port);
    }

    private static string? Set(out BindAddress address, string host, int port)
    {
        address = new BindAddress(host, port);
        return null;
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= ushort.MaxValue;

    private static bool IsNumber(string text) => text.Length > 0 && text.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0;

    private static string BadPort(string text, string port) => $"'{port}' in '{text}' is no port; expected 0 to {ushort.MaxValue}";
}
