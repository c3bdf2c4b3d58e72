using System.Globalization;
using Microsoft.AspNetCore.Http.Features;

namespace Granary.Hosting.Telemetry;

/// <summary>
/// Gives the span of each request its name, route and status, which ASP.NET itself leaves out. In the pipeline only when spans are
/// exported. Source: OpenTelemetry semantic conventions for HTTP server spans.
/// </summary>
internal sealed class RequestSpans : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (context, rest) =>
        {
            await rest(context);
            Describe(context);
        });
        next(app);
    };

    private static void Describe(HttpContext context)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is not { IsAllDataRequested: true } span)
            return;
        span.SetTag("http.response.status_code", context.Response.StatusCode);
        if (context.Response.StatusCode >= 500)
        {
            span.SetTag("error.type", context.Response.StatusCode.ToString(CultureInfo.InvariantCulture));
            span.SetStatus(System.Diagnostics.ActivityStatusCode.Error);
        }

        if (context.GetEndpoint() is RouteEndpoint endpoint)
        {
            span.SetTag("http.route", endpoint.RoutePattern.RawText);
            span.DisplayName = $"{context.Request.Method} {endpoint.RoutePattern.RawText}";
        }
    }
}
