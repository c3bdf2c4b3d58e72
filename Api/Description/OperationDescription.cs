namespace Granary.Api.Description;

/// <summary>
/// What the OpenAPI document says of one endpoint. Attach it with <c>WithMetadata</c>; endpoints are plain request delegates, so
/// nothing can be inferred from their signature.
/// </summary>
/// <param name="Tag">The chapter, such as <c>Admin</c>.</param>
/// <param name="Summary">One line.</param>
internal sealed record OperationDescription(string Tag, string Summary)
{
    /// <summary>More than one line, in Markdown; null when the summary says it all.</summary>
    public string? Details { get; init; }

    /// <summary>Query parameters, all optional.</summary>
    public IReadOnlyList<QueryParameter> Query { get; init; } = [];

    /// <summary>An example request body in JSON, from which the schema is derived; null when there is no body.</summary>
    public string? Request { get; init; }

    /// <summary>The answers worth knowing.</summary>
    public IReadOnlyList<ResponseDescription> Responses { get; init; } = [];

    /// <summary>How callers say who they are; null when anybody may call.</summary>
    public string? Security { get; init; }
}

/// <summary>One optional query parameter.</summary>
internal sealed record QueryParameter(string Name, string Description);

/// <summary>One answer.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Description">When it is given.</param>
/// <param name="Example">An example body, in JSON unless <paramref name="ContentType"/> says otherwise; null for an empty body.</param>
/// <param name="ContentType">The media type of the body.</param>
internal sealed record ResponseDescription(int Status, string Description, string? Example = null, string ContentType = "application/json");
