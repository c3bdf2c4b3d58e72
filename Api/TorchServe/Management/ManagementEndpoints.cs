using System.Globalization;
using Granary.Api.Http;
using Granary.Api.TorchServe.Inference;
using Granary.Api.TorchServe.Tokens;
using Granary.Serving.Json;

namespace Granary.Api.TorchServe.Management;

/// <summary>The management API over HTTP. Source: pytorch/serve, <c>ManagementRequestHandler.java</c>.</summary>
internal sealed class ManagementEndpoints(ModelManagement management, TorchServeModels models, TokenService tokens)
{
    // A registration is a few names and numbers.
    private const long MaxBodyBytes = 1 << 20;

    /// <summary><c>GET /models</c>.</summary>
    public async Task ListAsync(HttpContext context) =>
        await WriteAsync(context, await management.ListAsync(Number(context, "limit", 100), Number(context, "next_page_token", 0), context.RequestAborted));

    /// <summary><c>POST /models</c>.</summary>
    public async Task RegisterAsync(HttpContext context) =>
        await WriteAsync(context, await management.RegisterAsync(await ReadAsync(context), context.RequestAborted));

    /// <summary><c>GET /models/{model}[/{version}]</c>.</summary>
    public async Task DescribeAsync(HttpContext context) =>
        await WriteAsync(context, await management.DescribeAsync(Model(context), Version(context), context.RequestAborted));

    /// <summary><c>PUT /models/{model}[/{version}]</c>.</summary>
    public async Task ScaleAsync(HttpContext context)
    {
        var least = Number(context, "min_worker", 1);
        var synchronous = "true".Equals(Text(context, "synchronous"), StringComparison.OrdinalIgnoreCase);
        var version = Version(context) ?? Text(context, "model_version");
        await WriteAsync(context, await management.ScaleAsync(Model(context), version, least, Number(context, "max_worker", least), synchronous, context.RequestAborted));
    }

    /// <summary><c>DELETE /models/{model}[/{version}]</c>.</summary>
    public async Task UnregisterAsync(HttpContext context) =>
        await TorchServeAnswers.WriteStatusAsync(context, StatusCodes.Status200OK, await management.UnregisterAsync(Model(context), Version(context), context.RequestAborted));

    /// <summary><c>PUT /models/{model}/{version}/set-default</c>.</summary>
    public async Task SetDefaultAsync(HttpContext context) =>
        await TorchServeAnswers.WriteStatusAsync(context, StatusCodes.Status200OK, await management.SetDefaultAsync(Model(context), Version(context)!, context.RequestAborted));

    /// <summary><c>OPTIONS /models/{model}[/{version}]</c>.</summary>
    public async Task DescribeApiAsync(HttpContext context) =>
        await ModelApiText.WriteAsync(context, await models.RequireAsync(Model(context), Version(context), context.RequestAborted));

    /// <summary><c>/token?type=management|inference</c>: a new token, written to the key file.</summary>
    public async Task TokenAsync(HttpContext context)
    {
        var kind = Text(context, "type") switch
        {
            "management" => TokenKind.Management,
            "inference" => TokenKind.Inference,
            _ => throw TorchServeException.BadRequest("Parameter type is required: management or inference."),
        };
        tokens.Renew(kind);
        await TorchServeAnswers.WriteStatusAsync(context, StatusCodes.Status200OK, $"The key file has a new {kind.ToString().ToLowerInvariant()} token");
    }

    private static string Model(HttpContext context) => (string)context.Request.RouteValues["model"]!;

    private static string? Version(HttpContext context) => context.Request.RouteValues["version"] as string;

    private async Task<RegisterRequest> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasJsonContentType())
            return RegisterRequest.FromQuery(context.Request.Query);
        using var body = await RequestBody.ReadAsync(context.Request, MaxBodyBytes, context.RequestAborted);
        return RegisterRequest.FromJson(body.Span.ToArray());
    }

    private static string? Text(HttpContext context, string name) => context.Request.Query.TryGetValue(name, out var values) && values.Count > 0 ? values[0] : null;

    private static int Number(HttpContext context, string name, int otherwise) =>
        int.TryParse(Text(context, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    private static Task WriteAsync(HttpContext context, StatusResult result) => TorchServeAnswers.WriteStatusAsync(context, result.Status, result.Text);

    private static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> json)
    {
        using var writer = new PooledBufferWriter();
        writer.Write(json.Span);
        writer.WriteByte((byte)'\n');
        await TorchServeAnswers.WriteAsync(context, StatusCodes.Status200OK, Responses.Json, writer);
    }
}
