using System.Net;

namespace Granary.Api.Security;

/// <summary>
/// Decides who may administer models, for every protocol that can. With a key: whoever presents it. Without one: only this machine,
/// and never a web page that runs in a browser on this machine, be it through a cross-site request or through DNS rebinding.
/// </summary>
/// <param name="key">Null for none.</param>
/// <param name="allowedHosts">Host names, besides IP addresses and <c>localhost</c>, under which callers without a key may come.</param>
/// <param name="isElsewhere">Says whether administration has a listener of its own and a request did not come through it.</param>
internal sealed class AdminAccess(BearerKey? key, IEnumerable<string> allowedHosts, Func<HttpContext, bool> isElsewhere)
{
    // Any of these says that the caller is somewhere else and a proxy on this machine passed it on.
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];

    private readonly HashSet<string> _allowedHosts = new(allowedHosts, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether administration does not answer on the port of a request at all.</summary>
    public bool IsElsewhere(HttpContext context) => isElsewhere(context);

    /// <summary>Whether a request presents the key; false when there is none.</summary>
    public bool PresentsKey(HttpContext context) => key is not null && key.Matches(context.Request.Headers.Authorization);

    /// <summary>Why a caller may not administer; null when it may.</summary>
    public AccessDenial? Check(HttpContext context)
    {
        if (IsForeignPage(context.Request))
            return new AccessDenial(StatusCodes.Status403Forbidden, "A web page of another site may not administer models");
        if (key is null)
            return LocalFault(context) is { } fault ? new AccessDenial(StatusCodes.Status403Forbidden, fault) : null;
        return PresentsKey(context)
            ? null
            : new AccessDenial(StatusCodes.Status401Unauthorized, "Administration asks for a key; send the header 'Authorization: Bearer <Granary:Admin:Key>'");
    }

    // Browsers send Origin with every request that can change something, and Sec-Fetch-Site with every request at all.
    private static bool IsForeignPage(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"];
        if (site.Count > 0 && site != "same-origin" && site != "none")
            return true;
        var origin = request.Headers.Origin;
        if (origin.Count == 0)
            return false;
        return !Uri.TryCreate(origin.ToString(), UriKind.Absolute, out var uri)
            || uri.Scheme != request.Scheme
            || !uri.Authority.Equals(WithoutDefaultPort(request), StringComparison.OrdinalIgnoreCase);
    }

    private static string WithoutDefaultPort(HttpRequest request)
    {
        var host = request.Host;
        return host.Port == (request.IsHttps ? 443 : 80) ? host.Host : host.Value ?? "";
    }

    private string? LocalFault(HttpContext context)
    {
        var remote = context.Connection.RemoteIpAddress;
        if (remote is null || !IPAddress.IsLoopback(remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote))
            return "Administration from another machine needs a key: start the service with Granary__Admin__Key=<secret> and send 'Authorization: Bearer <secret>'";
        foreach (var header in ProxyHeaders)
        {
            if (context.Request.Headers.ContainsKey(header))
                return $"Administration through a proxy (the request carries {header}) needs a key: start the service with Granary__Admin__Key=<secret> and send 'Authorization: Bearer <secret>'";
        }

        var host = context.Request.Host.Host;
        if (IPAddress.TryParse(host.Trim('[', ']'), out _) || host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || _allowedHosts.Contains(host))
            return null;
        return $"Administration without a key answers to IP addresses and localhost, not to the host name '{host}'; add it to Granary:Admin:AllowedHosts or set Granary:Admin:Key";
    }
}

/// <summary>Why a caller is refused.</summary>
/// <param name="Status">401 when a key is asked for, 403 when none would help.</param>
/// <param name="Reason">Fit for the caller.</param>
internal readonly record struct AccessDenial(int Status, string Reason);
