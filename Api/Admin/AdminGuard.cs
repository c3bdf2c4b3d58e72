using Granary.Api.Security;

namespace Granary.Api.Admin;

/// <summary>Lets only those administer who may (<see cref="AdminAccess"/>), and takes JSON bodies only.</summary>
internal sealed class AdminGuard(AdminAccess access)
{
    /// <summary>Decides for these options.</summary>
    public static AdminAccess CreateAccess(AdminOptions options) => new(
        BearerKey.FromSetting(options.Key),
        options.AllowedHosts,
        string.IsNullOrEmpty(options.Bind) ? static _ => false : static context => !AdminListener.Accepted(context));

    /// <summary>Runs a handler only for those who may.</summary>
    public RequestDelegate Protect(RequestDelegate handler) => context =>
    {
        if (access.IsElsewhere(context))
            return ErrorResponse.WriteAsync(context, StatusCodes.Status404NotFound, $"There is nothing at {context.Request.Path} on this port");
        if (access.Check(context) is { } denial)
        {
            return denial.Status == StatusCodes.Status401Unauthorized
                ? BearerExtensions.ChallengeAsync(context, denial.Reason)
                : ErrorResponse.WriteAsync(context, denial.Status, denial.Reason);
        }

        if (HasBody(context.Request) && !context.Request.HasJsonContentType())
            return ErrorResponse.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "Administration takes JSON bodies only; send the header 'Content-Type: application/json'");
        return handler(context);
    };

    private static bool HasBody(HttpRequest request) => request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0;
}
