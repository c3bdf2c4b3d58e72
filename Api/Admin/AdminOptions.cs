namespace Granary.Api.Admin;

/// <summary>Who may administer models, and where.</summary>
public sealed class AdminOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Granary:Admin";

    /// <summary>
    /// The secret that operators send as <c>Authorization: Bearer …</c>; printable ASCII. Default null: only callers on this very
    /// machine are answered, without a key.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>
    /// <c>HOST:PORT</c> of a listener of its own, such as <c>127.0.0.1:3001</c>, <c>[::1]:3001</c> or <c>*:3001</c>; port 0 lets the
    /// system choose. <c>/admin</c> then answers there and nowhere else. Default null: on the port of the service.
    /// </summary>
    public string? Bind { get; set; }

    /// <summary>
    /// Host names, besides IP addresses and <c>localhost</c>, under which a caller without a key may address this service. Empty by
    /// default: a web page that makes its own name resolve to 127.0.0.1 (DNS rebinding) is refused.
    /// </summary>
    public IList<string> AllowedHosts { get; init; } = [];

    /// <summary>Largest body accepted; sample inputs of a warm-up are the large ones. Default 16 MiB.</summary>
    public int MaxBodyBytes { get; set; } = 16 << 20;
}
