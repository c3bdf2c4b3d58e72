using System.Text.Json;
using Granary.Serving;
using Microsoft.AspNetCore.Http.Features;

namespace Granary.Api.Admin;

/// <summary>Reads the JSON body of an admin request.</summary>
internal static class AdminBody
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    /// <summary>The body as a document whose root is an object; null when there is no body. The caller disposes it.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/> or <see cref="ServingError.TooLarge"/>.</exception>
    public static async Task<JsonDocument?> ReadAsync(HttpContext context, int maxBytes)
    {
        if (context.Request.ContentLength is 0 or null && context.Request.Headers.TransferEncoding.Count == 0)
            return null;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = maxBytes;
        try
        {
            var document = await JsonDocument.ParseAsync(context.Request.Body, Options, context.RequestAborted);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            var kind = document.RootElement.ValueKind;
            document.Dispose();
            throw new ServingException(ServingError.InvalidArgument, $"The body is a JSON {kind.ToString().ToLowerInvariant()}; expected an object");
        }
        catch (JsonException exception)
        {
            throw new ServingException(ServingError.InvalidArgument, $"The body is not JSON: {exception.Message}", exception);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new ServingException(ServingError.TooLarge, $"The body is larger than {maxBytes} bytes (Granary:Admin:MaxBodyBytes)", exception);
        }
    }

    /// <summary>As <see cref="ReadAsync"/>, but a body there must be.</summary>
    public static async Task<JsonDocument> RequireAsync(HttpContext context, int maxBytes, string what) =>
        await ReadAsync(context, maxBytes) ?? throw new ServingException(ServingError.InvalidArgument, $"The body is empty; expected {what} as a JSON object");
}
