using Granary.Api.Description;
using Granary.Api.Security;
using Granary.Serving;
using Granary.Serving.Servables;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Granary.Api.Admin;

/// <summary>The admin API under <c>/admin</c>.</summary>
public static class AdminExtensions
{
    /// <summary>
    /// Reads <see cref="AdminOptions"/> and opens <see cref="AdminOptions.Bind"/> when it is set. The service's own listeners must
    /// then be opened with <c>KestrelServerOptions.Listen…</c> too, because Kestrel ignores URLs once anything listens that way.
    /// </summary>
    public static WebApplicationBuilder AddAdmin(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<AdminOptions>().BindConfiguration(AdminOptions.SectionName).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AdminOptions>, AdminOptionsValidator>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<AdminOptions>>((kestrel, admin) =>
        {
            if (!string.IsNullOrEmpty(admin.Value.Bind))
                AdminListener.Listen(kestrel, admin.Value.Bind);
        });
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(static provider => AdminGuard.CreateAccess(provider.GetRequiredService<IOptions<AdminOptions>>().Value));
        services.AddSingleton<AdminGuard>();
        services.AddSingleton<AdminOperations>();
        services.AddSingleton<AdminQueries>();
        services.AddSingleton<AdminRegistry>();
        services.AddSingleton<AdminActions>();
        services.AddServables();
        services.AddSingleton<AdminServables>();
        return builder;
    }

    /// <summary>Maps the routes; a catalog and a cluster must be registered.</summary>
    public static WebApplication MapAdmin(this WebApplication app)
    {
        var map = new AdminMap(app, app.Services.GetRequiredService<AdminGuard>());
        MapQueries(map, app.Services.GetRequiredService<AdminQueries>());
        MapRegistry(map, app.Services.GetRequiredService<AdminRegistry>());
        MapActions(map, app.Services.GetRequiredService<AdminActions>());
        MapServables(map, app.Services.GetRequiredService<AdminServables>());
        return app;
    }

    private static void MapQueries(AdminMap map, AdminQueries queries)
    {
        map.Add("GET", "/admin/models", queries.ListModelsAsync, AdminDescriptions.ListModels);
        map.Add("GET", "/admin/models/{name}", queries.GetModelAsync, AdminDescriptions.GetModel);
        map.Add("GET", "/admin/models/{name}/versions/{version}", queries.GetVersionAsync, AdminDescriptions.GetVersion);
        map.Add("GET", "/admin/activations", queries.ListActivationsAsync, AdminDescriptions.ListActivations);
        map.Add("GET", "/admin/weights", queries.GetWeightsAsync, AdminDescriptions.GetWeights);
        map.Add("GET", "/admin/operations", queries.ListOperationsAsync, AdminDescriptions.ListOperations);
        map.Add("GET", "/admin/operations/{id}", queries.GetOperationAsync, AdminDescriptions.GetOperation);
    }

    private static void MapRegistry(AdminMap map, AdminRegistry registry)
    {
        map.Add("PUT", "/admin/models/{name}/versions/{version}", registry.RegisterAsync, AdminDescriptions.Register);
        map.Add("POST", "/admin/models/{name}/versions", registry.RegisterNextAsync, AdminDescriptions.RegisterNext);
        map.Add("PUT", "/admin/models/{name}/default", registry.SetDefaultAsync, AdminDescriptions.SetDefault);
        map.Add("DELETE", "/admin/models/{name}/versions/{version}", registry.DeleteAsync, AdminDescriptions.DeleteVersion);
        map.Add("DELETE", "/admin/models/{name}", registry.DeleteAsync, AdminDescriptions.DeleteModel);
    }

    // Every action takes a version, the default version of a name, or any key as a query parameter.
    private static void MapActions(AdminMap map, AdminActions actions)
    {
        (string Verb, RequestDelegate Handler, OperationDescription Description)[] table =
        [
            ("load", actions.LoadAsync, AdminDescriptions.Load),
            ("warmup", actions.WarmUpAsync, AdminDescriptions.WarmUp),
            ("unload", actions.UnloadAsync, AdminDescriptions.Unload),
            ("evict", actions.EvictAsync, AdminDescriptions.Evict),
            ("pin", actions.PinAsync, AdminDescriptions.Pin),
            ("unpin", actions.UnpinAsync, AdminDescriptions.Unpin),
            ("scale", actions.ScaleAsync, AdminDescriptions.Scale),
        ];
        foreach (var (verb, handler, description) in table)
        {
            map.Add("POST", $"/admin/models/{{name}}/versions/{{version}}/{verb}", handler, description);
            map.Add("POST", $"/admin/models/{{name}}/{verb}", handler, AdminDescriptions.OfDefault(description));
            map.Add("POST", $"/admin/activations/{verb}", handler, AdminDescriptions.OfKey(description));
        }
    }

    private static void MapServables(AdminMap map, AdminServables servables)
    {
        map.Add("GET", "/admin/servables", servables.ListAsync, AdminDescriptions.ListServables);
        map.Add("POST", "/admin/servables/invalidate", servables.InvalidateAsync, AdminDescriptions.InvalidateServables);
    }

    private sealed class AdminMap(WebApplication app, AdminGuard guard)
    {
        public void Add(string method, string pattern, RequestDelegate handler, OperationDescription description) =>
            app.MapMethods(pattern, [method], guard.Protect(context => RunAsync(context, handler))).WithMetadata(description);

        private static async Task RunAsync(HttpContext context, RequestDelegate handler)
        {
            try
            {
                await handler(context);
            }
            catch (ServingException exception)
            {
                await ErrorResponse.WriteAsync(context, exception);
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                // Nobody is there to read an answer.
            }
        }
    }
}
