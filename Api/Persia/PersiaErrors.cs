using System.Text;
using Granary.Api.Http;

namespace Granary.Api.Persia;

/// <summary>Persia's errors: 500 with a text, whatever went wrong, and an empty 404 for calls that are not known.</summary>
internal static class PersiaErrors
{
    private const string Suffix = "_web_api";
    private const string CompressedSuffix = "_web_api_compressed";

    /// <summary>Answers a call that failed.</summary>
    public static Task WriteAsync(HttpContext context, Failure failure) =>
        Responses.WriteAsync(context.Response, StatusCodes.Status500InternalServerError, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(failure.Message));

    /// <summary>Writes errors that nobody wrote for calls of this kind, and leaves those of other paths to another writer.</summary>
    public static Func<HttpContext, Failure?, Task> OrPersia(Func<HttpContext, Failure?, Task> write) => (context, failure) =>
        IsCall(context.Request.Path) ? WriteAsync(context, failure) : write(context, failure);

    private static bool IsCall(PathString path) =>
        path.Value is { } text && (text.EndsWith(Suffix, StringComparison.Ordinal) || text.EndsWith(CompressedSuffix, StringComparison.Ordinal));

    private static Task WriteAsync(HttpContext context, Failure? failure)
    {
        if (failure is { } known)
            return WriteAsync(context, known);
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
