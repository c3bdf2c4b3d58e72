using Granary.Serving.Servables;

namespace Granary.Api.Admin;

/// <summary>The models that requests to <c>/serve</c> named by path or model id.</summary>
internal sealed partial class AdminServables(ServableCache servables, ILogger<AdminServables> logger)
{
    public Task ListAsync(HttpContext context) => context.WriteAsync(
        new ServableListView([.. servables.Kept.Select(static servable => new ServableView(servable.Identifier.Text, servable.Key.ToString()))]),
        AdminJson.Readable.ServableListView);

    /// <summary>Takes one of them, or all, out of memory, so that the next request loads it anew.</summary>
    public async Task InvalidateAsync(HttpContext context)
    {
        var identifier = context.Request.Query["identifier"].ToString() is { Length: > 0 } text ? text : null;
        LogInvalidate(identifier ?? "all", context.Connection.RemoteIpAddress);
        await context.WriteAsync(new InvalidatedView(await servables.InvalidateAsync(identifier, context.RequestAborted)), AdminJson.Readable.InvalidatedView);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Admin invalidate of servables ({Identifier}) for {Remote}")]
    private partial void LogInvalidate(string identifier, System.Net.IPAddress? remote);
}
