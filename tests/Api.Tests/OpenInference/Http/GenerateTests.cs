namespace Granary.Api.Tests.OpenInference.Http;

public sealed class GenerateTests(V2Bed bed) : IClassFixture<V2Bed>
{
    [Theory]
    [InlineData("echo", """{"x":2.5,"other":{"a":1}}""", """{"model_name":"echo","model_version":"1","OUTPUT__0":2.5}""")]
    [InlineData("echo", """{"x":[[1],[2]],"id":"7"}""", """{"id":"7","model_name":"echo","model_version":"1","OUTPUT__0":[1.0,2.0]}""")]
    [InlineData("mixed", """{"x":1,"words":"a"}""", """{"model_name":"mixed","model_version":"1","OUTPUT__0.0":1.0,"OUTPUT__0.1":2.0,"OUTPUT__1":"a!","OUTPUT__2":1}""")]
    [InlineData("flat", """{"x":[[1,2],[3,4]]}""", """{"model_name":"flat","model_version":"1","y":[10.0,20.0,30.0,40.0]}""")]
    public async Task Generate_PlainKeys_AreInputs(string model, string request, string expected)
    {
        Assert.Equal((200, expected), await bed.PostAsync($"/v2/models/{model}/generate", request));
        Assert.Equal((200, $"data: {expected}\n\n"), await bed.PostAsync($"/v2/models/{model}/generate_stream", request));
    }

    [Theory]
    [InlineData("echo", """{"x":"text"}""", 400)]
    [InlineData("echo", "{}", 400)]
    [InlineData("echo", "{", 400)]
    [InlineData("nobody", "{}", 404)]
    public async Task Generate_WrongRequest_IsRefused(string model, string request, int status)
    {
        var (code, body) = await bed.PostAsync($"/v2/models/{model}/generate", request);

        Assert.StartsWith("{\"error\":\"", body);
        Assert.Equal(status, code);
    }
}
