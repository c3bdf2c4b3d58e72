using Microsoft.OpenApi;

namespace Granary.Api.Description;

/// <summary>Answers <c>GET /openapi/v1.json</c>. The document is built by the first request and kept: start-up does not pay for it.</summary>
internal sealed class DescriptionPage(EndpointDataSource endpoints)
{
    private byte[]? _document;

    public static OperationDescription Description { get; } = new("Operations", "This document")
    {
        Responses = [new(200, "OpenAPI 3.1.", """{ "openapi": "3.1.1" }""")],
    };

    public async Task WriteAsync(HttpContext context)
    {
        // Two first requests may both build it; either result will do.
        var document = _document ??= Build();
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = document.Length;
        await context.Response.Body.WriteAsync(document, context.RequestAborted);
    }

    private byte[] Build()
    {
        using var stream = new MemoryStream();
        using (var text = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" })
            DocumentBuilder.Build(endpoints).SerializeAsV31(new OpenApiJsonWriter(text, new OpenApiJsonWriterSettings { Terse = true }));
        return stream.ToArray();
    }
}
