using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Granary.Serving;
using Granary.Serving.Models;

namespace Granary.Api.Admin;

/// <summary>What the admin handlers read from requests and write to responses.</summary>
internal static class AdminContext
{
    /// <summary>Answers with JSON.</summary>
    public static async Task WriteAsync<T>(this HttpContext context, T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>A part of the path.</summary>
    public static string? Part(this HttpContext context, string name) => context.Request.RouteValues[name] as string;

    /// <summary>A truth value of the query string.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static bool Flag(this HttpContext context, string name, bool absent)
    {
        var text = context.Request.Query[name].ToString();
        if (text.Length == 0)
            return absent;
        return bool.TryParse(text, out var value) ? value : throw new ServingException(ServingError.InvalidArgument, $"Query parameter '{name}' is '{text}'; expected true or false");
    }

    /// <summary>
    /// The version that a request is about: name and version of the path, the default version when the path has only a name, or the
    /// <c>key</c> of the query string, which ad-hoc keys need because they hold slashes.
    /// </summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>, <see cref="ServingError.InvalidArgument"/>.</exception>
    public static async ValueTask<ModelKey> TargetAsync(this HttpContext context, IModelCatalog catalog)
    {
        if (context.Part("name") is { } name)
        {
            var model = await catalog.RequireAsync(name, context.RequestAborted);
            return model.Require(context.Part("version") ?? model.DefaultVersion).Key;
        }

        var key = context.Request.Query["key"].ToString();
        return key.Length > 0 ? ModelKey.Parse(key) : throw new ServingException(ServingError.InvalidArgument, "The query parameter 'key' is missing; expected name/version as GET /admin/activations lists it");
    }

    /// <summary>The model of that name.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>.</exception>
    public static async ValueTask<CatalogModel> RequireAsync(this IModelCatalog catalog, string name, CancellationToken cancellation) =>
        await catalog.FindAsync(name, cancellation) ?? throw new ServingException(ServingError.NotFound, $"There is no model '{name}'; GET /admin/models lists those there are");

    /// <summary>One version of a model.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/>.</exception>
    public static ModelDefinition Require(this CatalogModel model, string version) =>
        model.Find(version) ?? throw new ServingException(ServingError.NotFound, $"Model '{model.Name}' has no version '{version}'; it has {string.Join(", ", model.Versions.Select(one => one.Version))}");
}
