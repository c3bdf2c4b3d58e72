using System.Text;
using Granary.Api.Security;
using Granary.Serving;
using Microsoft.AspNetCore.Http;

namespace Granary.Api.Tests.Security;

public sealed class ErrorResponseTests
{
    [Theory]
    [InlineData(ServingError.InvalidArgument, 400)]
    [InlineData(ServingError.NotFound, 404)]
    [InlineData(ServingError.AlreadyExists, 409)]
    [InlineData(ServingError.PermissionDenied, 403)]
    [InlineData(ServingError.Unauthenticated, 401)]
    [InlineData(ServingError.Unsupported, 501)]
    [InlineData(ServingError.TooLarge, 413)]
    [InlineData(ServingError.Overloaded, 503)]
    [InlineData(ServingError.Unavailable, 503)]
    [InlineData(ServingError.SourceFailed, 502)]
    [InlineData(ServingError.DeadlineExceeded, 504)]
    [InlineData(ServingError.Cancelled, 499)]
    [InlineData(ServingError.ModelFailed, 500)]
    [InlineData(ServingError.Internal, 500)]
    public void StatusOf_EveryError_HasItsStatus(ServingError error, int status) => Assert.Equal(status, ErrorResponse.StatusOf(error));

    [Fact]
    public async Task WriteAsync_RetryAfter_RoundsUpToWholeSeconds()
    {
        var context = new DefaultHttpContext();
        context.Response.Body = new MemoryStream();
        await ErrorResponse.WriteAsync(context, new ServingException(ServingError.Overloaded, "queue of \"m\" is full") { RetryAfter = TimeSpan.FromSeconds(1.2) });
        Assert.Equal("2", context.Response.Headers.RetryAfter.ToString());
        Assert.Equal(
            """{"code":"503","name":"Service Unavailable","description":"queue of \"m\" is full"}""",
            Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray()));
    }
}
