using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace Granary.Api.Description;

/// <summary>
/// Makes the OpenAPI document from the endpoints that are mapped and the <see cref="OperationDescription"/> that each carries, so
/// that the document lists what the service answers and nothing else.
/// </summary>
internal static partial class DocumentBuilder
{
    /// <summary>Describes every endpoint that answers to a method, but for catch-alls.</summary>
    public static OpenApiDocument Build(EndpointDataSource endpoints)
    {
        var document = new OpenApiDocument
        {
            Info = new OpenApiInfo
            {
                Title = "Granary",
                Version = BuildMetrics.Version,
                Description = "Serves PyTorch models. Errors are JSON: {\"code\":\"<status as text>\",\"name\",\"description\"}.",
            },
        };
        document.Components = new OpenApiComponents { SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>() };
        AddScheme(document, "bearer", "Asked for when Granary:Security:Bearer (--bearer) is set.");
        AddScheme(document, "adminKey", "Granary:Admin:Key. Without it only this machine may administer.");
        SortedSet<string> tags = [];
        foreach (var endpoint in endpoints.Endpoints.OfType<RouteEndpoint>().OrderBy(endpoint => endpoint.RoutePattern.RawText, StringComparer.Ordinal))
            AddEndpoint(document, endpoint, tags);
        document.Tags = new HashSet<OpenApiTag>(tags.Select(tag => new OpenApiTag { Name = tag }));
        return document;
    }

    private static void AddScheme(OpenApiDocument document, string name, string description) =>
        document.Components!.SecuritySchemes![name] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = description };

    private static void AddEndpoint(OpenApiDocument document, RouteEndpoint endpoint, SortedSet<string> tags)
    {
        var path = PathOf(endpoint);
        if (path is null || endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is not { } methods)
            return;
        if (!document.Paths.TryGetValue(path, out var item))
            document.Paths[path] = item = new OpenApiPathItem { Operations = [] };
        foreach (var method in methods.HttpMethods)
        {
            // HEAD says nothing that GET does not say.
            if (HttpMethods.IsHead(method))
                continue;
            var description = endpoint.Metadata.GetMetadata<OperationDescription>() ?? InfernetDescriptions.Find(path, method) ?? new OperationDescription("Other", endpoint.DisplayName ?? path);
            tags.Add(description.Tag);
            item.Operations![HttpMethod.Parse(method)] = Operation(document, path, description);
        }
    }

    // A catch-all answers what nothing else does; it is no route to tell of.
    private static string? PathOf(RouteEndpoint endpoint)
    {
        var pattern = endpoint.RoutePattern;
        if (pattern.RawText is not { } text || pattern.Parameters.Any(parameter => parameter.IsCatchAll))
            return null;
        return "/" + Constraint().Replace(text.TrimStart('/'), "{$1}");
    }

    private static OpenApiOperation Operation(OpenApiDocument document, string path, OperationDescription description)
    {
        var operation = new OpenApiOperation
        {
            Summary = description.Summary,
            Description = description.Details,
            Tags = new HashSet<OpenApiTagReference> { new(description.Tag, document) },
            Parameters = [.. Parameters(path, description)],
            Responses = [],
        };
        if (description.Request is { } request)
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = Content("application/json", request) };
        foreach (var response in description.Responses)
            operation.Responses[response.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new OpenApiResponse { Description = response.Description, Content = Content(response.ContentType, response.Example) };
        if (description.Responses.Count == 0)
            operation.Responses["200"] = new OpenApiResponse { Description = "Done." };
        if (description.Security is { } scheme)
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, document)] = [] }];
        return operation;
    }

    private static IEnumerable<IOpenApiParameter> Parameters(string path, OperationDescription description)
    {
        foreach (Match match in Parameter().Matches(path))
            yield return new OpenApiParameter { Name = match.Groups[1].Value, In = ParameterLocation.Path, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
        foreach (var query in description.Query)
            yield return new OpenApiParameter { Name = query.Name, In = ParameterLocation.Query, Description = query.Description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
    }

    private static Dictionary<string, OpenApiMediaType>? Content(string type, string? example)
    {
        if (example is null)
            return null;
        var node = type == "application/json" ? JsonNode.Parse(example) : JsonValue.Create(example);
        return new Dictionary<string, OpenApiMediaType> { [type] = new() { Example = node, Schema = ExampleSchema.Of(node) } };
    }

    [GeneratedRegex(@"\{(\w+)[^}]*\}")]
    private static partial Regex Constraint();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Parameter();
}
