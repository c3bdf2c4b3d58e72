using Granary.Api.Security;
using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Microsoft.Extensions.Options;

namespace Granary.Api.Admin;

/// <summary>What an operator does to activations: load, warm up, unload, pin, evict.</summary>
internal sealed partial class AdminActions(IModelCatalog catalog, IModelCluster cluster, AdminOperations operations, IOptions<AdminOptions> options, ILogger<AdminActions> logger)
{
    public async Task LoadAsync(HttpContext context)
    {
        var key = await context.TargetAsync(catalog);
        LogAction("load", key, context.Connection.RemoteIpAddress);
        if (!context.Flag("wait", true))
        {
            var operation = operations.Start("load", key, async cancellation => new WarmUpView("none", [], AdminViewFactory.Status(await cluster.LoadAsync(key, cancellation))));
            await AcceptedAsync(context, operation);
            return;
        }

        await WriteStatusAsync(context, await cluster.LoadAsync(key, context.RequestAborted));
    }

    public async Task WarmUpAsync(HttpContext context)
    {
        var key = await context.TargetAsync(catalog);
        var definition = key.IsAdHoc ? null : (await catalog.FindAsync(key.Name, context.RequestAborted))?.Find(key.Version);
        using var body = await AdminBody.ReadAsync(context, options.Value.MaxBodyBytes);
        LogAction("warmup", key, context.Connection.RemoteIpAddress);
        var warmUp = WarmUpReader.Read(body?.RootElement, definition);
        if (warmUp.Wait)
        {
            using (warmUp)
                await context.WriteAsync(await warmUp.RunAsync(cluster, key, context.RequestAborted), AdminJson.Readable.WarmUpView);
            return;
        }

        await AcceptedAsync(context, Start(warmUp, key));
    }

    public async Task UnloadAsync(HttpContext context)
    {
        var key = await context.TargetAsync(catalog);
        LogAction("unload", key, context.Connection.RemoteIpAddress);
        await WriteUnloadedAsync(context, key);
    }

    /// <summary>Unloads as the memory budget would: never a pinned version.</summary>
    public async Task EvictAsync(HttpContext context)
    {
        var key = await context.TargetAsync(catalog);
        LogAction("evict", key, context.Connection.RemoteIpAddress);
        if ((await cluster.GetStatusAsync(key, context.RequestAborted)).Pinned)
        {
            await ErrorResponse.WriteAsync(context, StatusCodes.Status409Conflict, $"'{key}' is pinned; unpin it first, or unload it whether pinned or not");
            return;
        }

        await WriteUnloadedAsync(context, key);
    }

    public Task PinAsync(HttpContext context) => SetPinnedAsync(context, true);

    public Task UnpinAsync(HttpContext context) => SetPinnedAsync(context, false);

    /// <summary>Changes how many calls run at once, in the catalog and then in what runs; calls in flight are not disturbed.</summary>
    public async Task ScaleAsync(HttpContext context)
    {
        var key = await context.TargetAsync(catalog);
        using var body = await AdminBody.RequireAsync(context, options.Value.MaxBodyBytes, "{\"instances\": 2}");
        var faults = new List<string>();
        var fields = new JsonFields(body.RootElement, "", faults);
        if (!fields.TryGet("instances", out _))
            fields.Fault("instances", "missing; expected a whole number, 0 for as many as there are cores");
        var instances = fields.Integer("instances", 0, minimum: 0);
        fields.RefuseUnknown();
        if (faults.Count > 0)
            throw new ServingException(ServingError.InvalidArgument, string.Join("; ", faults));
        LogAction("scale", key, context.Connection.RemoteIpAddress);
        await catalog.ScaleAsync(key, instances, context.RequestAborted);
        await WriteStatusAsync(context, await cluster.ScaleAsync(key, instances, context.RequestAborted));
    }

    private static Task WriteStatusAsync(HttpContext context, ModelStatus status) =>
        context.WriteAsync(AdminViewFactory.Status(status), AdminJson.Readable.StatusView);

    private static Task AcceptedAsync(HttpContext context, OperationView operation)
    {
        context.Response.Headers.Location = $"/admin/operations/{operation.Id}";
        return context.WriteAsync(operation, AdminJson.Readable.OperationView, StatusCodes.Status202Accepted);
    }

    private OperationView Start(WarmUp warmUp, ModelKey key)
    {
        try
        {
            return operations.Start("warmup", key, async cancellation =>
            {
                using (warmUp)
                    return await warmUp.RunAsync(cluster, key, cancellation);
            });
        }
        catch
        {
            warmUp.Dispose();
            throw;
        }
    }

    private async Task WriteUnloadedAsync(HttpContext context, ModelKey key)
    {
        var unloaded = await cluster.UnloadAsync(key, context.RequestAborted);
        var status = await cluster.GetStatusAsync(key, context.RequestAborted);
        await context.WriteAsync(new UnloadView(unloaded, AdminViewFactory.Status(status)), AdminJson.Readable.UnloadView);
    }

    private async Task SetPinnedAsync(HttpContext context, bool pinned)
    {
        var key = await context.TargetAsync(catalog);
        LogAction(pinned ? "pin" : "unpin", key, context.Connection.RemoteIpAddress);
        await WriteStatusAsync(context, await cluster.PinAsync(key, pinned, context.RequestAborted));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Admin {Action} of {Key} for {Remote}")]
    private partial void LogAction(string action, ModelKey key, System.Net.IPAddress? remote);
}
