using System.Net;
using Granary.Api.Security;
using Microsoft.Extensions.Options;

namespace Granary.Api.Admin;

/// <summary>
/// Decides who may administer. With a key: whoever presents it. Without one: only this machine, and never a web page that runs in
/// a browser on this machine, be it through a cross-site request or through DNS rebinding.
/// </summary>
internal sealed class AdminGuard
{
    // Any of these says that the caller is somewhere else and a proxy on this machine passed it on.
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];

    private readonly AdminOptions _options;
    private readonly BearerKey? _key;

    public AdminGuard(IOptions<AdminOptions> options)
    {
        _options = options.Value;
        _key = BearerKey.FromSetting(_options.Key);
    }

    /// <summary>Runs a handler only for those who may.</summary>
    public RequestDelegate Protect(RequestDelegate handler) => context =>
    {
        if (!string.IsNullOrEmpty(_options.Bind) && !AdminListener.Accepted(context))
            return ErrorResponse.WriteAsync(context, StatusCodes.Status404NotFound, $"There is nothing at {context.Request.Path} on this port");
        if (IsForeignPage(context.Request))
            return Refuse(context, "A web page of another site may not administer models");
        if (_key is null && LocalFault(context) is { } fault)
            return Refuse(context, fault);
        if (_key is not null && !_key.Matches(context.Request.Headers.Authorization))
            return BearerExtensions.ChallengeAsync(context, "Administration asks for a key; send the header 'Authorization: Bearer <Granary:Admin:Key>'");
        if (HasBody(context.Request) && !context.Request.HasJsonContentType())
            return ErrorResponse.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "Administration takes JSON bodies only; send the header 'Content-Type: application/json'");
        return handler(context);
    };

    private static Task Refuse(HttpContext context, string why) => ErrorResponse.WriteAsync(context, StatusCodes.Status403Forbidden, why);

    private static bool HasBody(HttpRequest request) => request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0;

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
        if (IPAddress.TryParse(host.Trim('[', ']'), out _) || host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || _options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase))
            return null;
        return $"Administration without a key answers to IP addresses and localhost, not to the host name '{host}'; add it to Granary:Admin:AllowedHosts or set Granary:Admin:Key";
    }
}
