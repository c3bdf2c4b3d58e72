using Granary.Api.Tests.Support;
using Granary.Serving;

namespace Granary.Api.Tests.Infernet;

public class EnvelopeTests
{
    private const string Data = """{"input":{"dtype":"double","shape":[2],"values":[1.5,2]}}""";

    [Theory]
    [InlineData("""{"source":1,"destination":1,"data":DATA,"requires_proof":true}""", "Proofs are not supported for Torch Inference Service")]
    [InlineData("""{"requires_proof":true,"source":0,"destination":0,"data":"00ff"}""", "Proofs are not supported for Torch Inference Service")]
    [InlineData("""{"source":1,"data":{"input":"wrong"},"requires_proof":true}""", "Proofs are not supported for Torch Inference Service")]
    [InlineData("""{"source":1,"destination":2,"data":DATA}""", "Invalid infernet destination: 2")]
    [InlineData("""{"source":1,"destination":3,"data":DATA}""", "Invalid infernet destination: 3")]
    [InlineData("""{"source":0,"destination":2,"data":"00ff"}""", "Invalid infernet destination: 2")]
    [InlineData("""{"source":0,"destination":0,"data":DATA}""", "not a string of hexadecimal digits")]
    [InlineData("""{"source":0,"destination":0}""", "no data")]
    [InlineData("""{"source":0,"destination":0,"data":null}""", "not a string of hexadecimal digits")]
    [InlineData("""{"source":0,"destination":0,"data":""}""", "data is empty")]
    [InlineData("""{"source":0,"destination":0,"data":"0x"}""", "data is empty")]
    [InlineData("""{"source":0,"destination":0,"data":"00f"}""", "3 hexadecimal digits, an odd number")]
    [InlineData("""{"source":0,"destination":0,"data":"00fg"}""", "at digit 3")]
    [InlineData("""{"source":0,"destination":0,"data":"00ff"}""", "the first word at byte 0: 32 bytes are needed, the data ends at byte 2")]
    [InlineData("""{"source":2,"data":DATA}""", "Invalid infernet source: 2")]
    [InlineData("""{"data":DATA}""", "no source")]
    [InlineData("""{"source":1}""", "no data")]
    [InlineData("""{"source":1,"data":"00ff"}""", "not a JSON object")]
    [InlineData("""{"source":1,"data":null}""", "not a JSON object")]
    [InlineData("""{"source":"1","data":DATA}""", "source is no number")]
    [InlineData("""{"source":1,"destination":"off","data":DATA}""", "destination is no number")]
    [InlineData("""{"source":1,"data":DATA,"requires_proof":"no"}""", "requires_proof")]
    public async Task ServiceOutput_RequestThatIsNotServed_SaysWhy(string body, string part)
    {
        await using var server = await ApiServer.StartAsync();
        using var response = await server.PostAsync(body.Replace("DATA", Data));

        Assert.Contains(part, await ErrorAssert.IsErrorAsync(response, 400));
        Assert.Empty(server.Cluster.Calls);
    }

    [Theory]
    [InlineData("""{"source":1,"data":DATA}""")]
    [InlineData("""{"source":1,"destination":null,"data":DATA,"requires_proof":null}""")]
    [InlineData("""{"source":1.0,"destination":1,"data":DATA,"requires_proof":false}""")]
    [InlineData("""{"data":{"input":"overridden"},"source":9,"source":1,"data":DATA}""")]
    public async Task ServiceOutput_OffChainEnvelope_IsServed(string body)
    {
        // The third form repeats keys: the last one counts, as in Python, but what stands before must still parse.
        var valid = body.Replace("\"overridden\"", """{"dtype":"double","shape":[1],"values":[0]}""").Replace("DATA", Data);
        await using var server = await ApiServer.StartAsync();

        Assert.Equal((200, """{"dtype":"double","shape":[2],"values":[1.5,2.0]}"""), await server.AskAsync(valid));
    }

    [Theory]
    [InlineData(ServingError.InvalidArgument, 400, "Bad Request")]
    [InlineData(ServingError.Unsupported, 400, "Bad Request")]
    [InlineData(ServingError.Unauthenticated, 401, "Unauthorized")]
    [InlineData(ServingError.PermissionDenied, 403, "Forbidden")]
    [InlineData(ServingError.NotFound, 404, "Not Found")]
    [InlineData(ServingError.AlreadyExists, 409, "Conflict")]
    [InlineData(ServingError.TooLarge, 413, "Payload Too Large")]
    [InlineData(ServingError.Overloaded, 503, "Service Unavailable")]
    [InlineData(ServingError.Unavailable, 503, "Service Unavailable")]
    [InlineData(ServingError.SourceFailed, 503, "Service Unavailable")]
    [InlineData(ServingError.DeadlineExceeded, 503, "Service Unavailable")]
    [InlineData(ServingError.ModelFailed, 500, "Internal Server Error")]
    [InlineData(ServingError.Internal, 500, "Internal Server Error")]
    public async Task ServiceOutput_ClusterFails_AnswersItsStatusAndMessage(ServingError error, int status, string name)
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Model = (_, _, _) => throw new ServingException(error, "what \"went\" wrong");

        var answer = await server.AskAsync($$"""{"source":1,"data":{{Data}}}""");

        Assert.Equal((status, $$"""{"code":"{{status}}","name":"{{name}}","description":"what \"went\" wrong"}"""), answer);
    }

    [Theory]
    [InlineData(null, "1")]
    [InlineData(2.5, "3")]
    public async Task ServiceOutput_Overloaded_TellsWhenToComeBack(double? seconds, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Model = (_, _, _) => throw new ServingException(ServingError.Overloaded, "full")
        {
            RetryAfter = seconds is { } value ? TimeSpan.FromSeconds(value) : null,
        };

        using var response = await server.PostAsync($$"""{"source":1,"data":{{Data}}}""");

        await ErrorAssert.IsErrorAsync(response, 503);
        Assert.Equal(expected, Assert.Single(response.Headers.GetValues("Retry-After")));
    }

    [Fact]
    public async Task ServiceOutput_UnknownException_KeepsItsMessageInside()
    {
        await using var server = await ApiServer.StartAsync();
        server.Cluster.Model = (_, _, _) => throw new InvalidOperationException("/secret/path");

        using var response = await server.PostAsync($$"""{"source":1,"data":{{Data}}}""");

        Assert.DoesNotContain("secret", await ErrorAssert.IsErrorAsync(response, 500));
    }
}
