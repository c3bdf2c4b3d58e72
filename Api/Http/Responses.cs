namespace Granary.Api.Http;

/// <summary>Writes whole responses with their length, so that head and body leave in one piece.</summary>
internal static class Responses
{
    /// <summary>The content type of every JSON answer.</summary>
    public const string Json = "application/json";

    /// <summary>Writes <paramref name="body"/>; it must stay unchanged until the task is done, which it mostly is at once.</summary>
    public static Task WriteAsync(HttpResponse response, int status, string contentType, ReadOnlyMemory<byte> body)
    {
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        if (HttpMethods.IsHead(response.HttpContext.Request.Method))
            return Task.CompletedTask;
        var write = response.BodyWriter.WriteAsync(body);
        if (!write.IsCompletedSuccessfully)
            return write.AsTask();
        _ = write.Result;
        return Task.CompletedTask;
    }
}
