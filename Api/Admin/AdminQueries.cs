using Granary.Serving;
using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Serving.Weights;

namespace Granary.Api.Admin;

/// <summary>The reading half of the admin API.</summary>
internal sealed class AdminQueries(IModelCatalog catalog, IModelCluster cluster, AdminOperations operations, IServiceProvider services)
{
    private readonly IWeightsStatistics? _weights = services.GetService<IWeightsStatistics>();
    private readonly IWeightsInventory? _inventory = services.GetService<IWeightsInventory>();

    public async Task ListModelsAsync(HttpContext context)
    {
        List<ModelView> views = [];
        foreach (var model in await catalog.ListAsync(context.RequestAborted))
            views.Add(await ViewAsync(model, context.RequestAborted));
        await context.WriteAsync(new ModelListView(views), AdminJson.Readable.ModelListView);
    }

    public async Task GetModelAsync(HttpContext context)
    {
        var model = await catalog.RequireAsync(context.Part("name")!, context.RequestAborted);
        await context.WriteAsync(await ViewAsync(model, context.RequestAborted), AdminJson.Readable.ModelView);
    }

    public async Task GetVersionAsync(HttpContext context)
    {
        var model = await catalog.RequireAsync(context.Part("name")!, context.RequestAborted);
        var definition = model.Require(context.Part("version")!);
        var status = await cluster.GetStatusAsync(definition.Key, context.RequestAborted);
        await context.WriteAsync(AdminViewFactory.Version(model, definition, status), AdminJson.Readable.VersionView);
    }

    public async Task ListActivationsAsync(HttpContext context)
    {
        if (context.Request.Query.ContainsKey("key"))
        {
            var status = await cluster.GetStatusAsync(await context.TargetAsync(catalog), context.RequestAborted);
            await context.WriteAsync(AdminViewFactory.Status(status), AdminJson.Readable.StatusView);
            return;
        }

        var all = await cluster.ListAsync(context.RequestAborted);
        await context.WriteAsync(new ActivationListView([.. all.Select(AdminViewFactory.Status)]), AdminJson.Readable.ActivationListView);
    }

    public Task GetWeightsAsync(HttpContext context)
    {
        if (_weights is null)
            throw new ServingException(ServingError.NotFound, "This host keeps no weights of its own");
        var counters = _weights.Snapshot();
        var files = _inventory?.Contents().Select(static file => new StoredFileView(file.Id, file.Sha256, file.LengthBytes, file.Revision, file.Verified)).ToList();
        var view = new WeightsView(counters.Hits, counters.Misses, counters.DownloadedBytes, counters.Resumes, counters.Failures, counters.Evictions, files);
        return context.WriteAsync(view, AdminJson.Readable.WeightsView);
    }

    public Task ListOperationsAsync(HttpContext context) =>
        context.WriteAsync(new OperationListView(operations.List()), AdminJson.Readable.OperationListView);

    public Task GetOperationAsync(HttpContext context)
    {
        var id = context.Part("id")!;
        var operation = operations.Find(id) ?? throw new ServingException(ServingError.NotFound, $"There is no operation '{id}'; the newest {AdminOperations.MaxRemembered} since the service started are remembered");
        return context.WriteAsync(operation, AdminJson.Readable.OperationView);
    }

    private async ValueTask<ModelView> ViewAsync(CatalogModel model, CancellationToken cancellation)
    {
        List<VersionView> versions = [];
        foreach (var definition in model.Versions)
            versions.Add(AdminViewFactory.Version(model, definition, await cluster.GetStatusAsync(definition.Key, cancellation)));
        return new ModelView(model.Name, model.DefaultVersion, versions);
    }
}
