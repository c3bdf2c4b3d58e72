using System.Text.Json;

namespace Granary.Api.Tests.OpenInference.Http;

public sealed class ManagementTests(V2Bed bed) : IClassFixture<V2Bed>
{
    [Theory]
    [InlineData("/v2/health/live", """{"live":true}""")]
    [InlineData("/v2/health/ready", """{"ready":true}""")]
    [InlineData("/v2/models/simple/ready", "")]
    [InlineData("/v2/models/simple/versions/1/ready", "")]
    [InlineData("/v2/systemsharedmemory/status", "[]")]
    [InlineData("/v2/cudasharedmemory/status", "[]")]
    [InlineData("/v2/models/simple", """{"name":"simple","versions":["1"],"platform":"pytorch_libtorch","inputs":[{"name":"INPUT0","datatype":"INT32","shape":[-1,16]},{"name":"INPUT1","datatype":"INT32","shape":[-1,16]}],"outputs":[{"name":"OUTPUT0","datatype":"INT32","shape":[-1,16]},{"name":"OUTPUT1","datatype":"INT32","shape":[-1,16]}]}""")]
    public async Task Get_WhatIsThere_Answers(string path, string expected)
    {
        Assert.Equal((200, expected), await bed.GetAsync(path));
    }

    [Theory]
    [InlineData("/v2/models/nobody", 404, "Request for unknown model: 'nobody' is not found")]
    [InlineData("/v2/models/nobody/ready", 404, "Request for unknown model: 'nobody' is not found")]
    [InlineData("/v2/models/simple/versions/2/config", 404, "Request for unknown model: 'simple' version 2 is not found")]
    [InlineData("/v2/models/simple/versions/one", 404, "Not Found")]
    [InlineData("/v2/nothing", 404, "Not Found")]
    [InlineData("/v2/models/simple/infer", 405, "Method Not Allowed")]
    [InlineData("/v2/systemsharedmemory/region/a/status", 404, "Unable to find shared memory region: 'a'")]
    [InlineData("/v2/trace/setting", 501, "the server does not support tracing by this protocol; traces go out by OpenTelemetry")]
    public async Task Get_WhatIsNotThere_SaysSo(string path, int status, string message)
    {
        Assert.Equal((status, $$"""{"error":"{{message}}"}"""), await bed.GetAsync(path));
    }

    [Fact]
    public async Task Get_Server_NamesItsExtensions()
    {
        var (status, body) = await bed.GetAsync("/v2");

        using var server = JsonDocument.Parse(body);
        Assert.Equal(["name", "version", "extensions"], server.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.Contains("binary_tensor_data", server.RootElement.GetProperty("extensions").EnumerateArray().Select(extension => extension.GetString()));
        Assert.Equal(200, status);
    }

    [Fact]
    public async Task Get_Config_IsProto3Json()
    {
        var (_, body) = await bed.GetAsync("/v2/models/flat/config");

        using var config = JsonDocument.Parse(body);
        Assert.Equal("flat", config.RootElement.GetProperty("name").GetString());
        Assert.Equal(4, config.RootElement.GetProperty("max_batch_size").GetInt32());
        Assert.Equal("TYPE_FP32", config.RootElement.GetProperty("input")[0].GetProperty("data_type").GetString());
    }

    [Fact]
    public async Task Get_ConfigOfAModelWithoutOne_ShowsTheFirstRequest()
    {
        bed.AddModel("learned", null, "echo");
        Assert.Equal((200, ""), await bed.PostAsync("/v2/repository/models/learned/load", ""));
        Assert.Contains("\"data_type\":\"TYPE_FP32\"", (await bed.GetAsync("/v2/models/learned/config")).Body);

        await bed.InferAsync("learned", """{"inputs":[{"name":"x","shape":[2,5],"datatype":"INT64","data":[1,2,3,4,5,6,7,8,9,10]}]}""");

        Assert.Equal((200, """{"name":"learned","versions":["1"],"platform":"pytorch_libtorch","inputs":[{"name":"x","datatype":"INT64","shape":[-1,5]}],"outputs":[{"name":"OUTPUT__0","datatype":"INT64","shape":[-1,5]}]}"""), await bed.GetAsync("/v2/models/learned"));
    }

    [Fact]
    public async Task Repository_LoadWithOverrideUnloadIndex_FollowEachOther()
    {
        bed.AddModel("moving", null, "echo");
        Assert.Equal((200, ""), await bed.PostAsync("/v2/repository/models/moving/load", """{"parameters":{"config":"{\"backend\":\"pytorch\",\"max_batch_size\":\"16\"}"}}"""));
        Assert.Contains("\"max_batch_size\":16", (await bed.GetAsync("/v2/models/moving/config")).Body);
        Assert.Contains("""{"name":"moving","version":"1","state":"READY"}""", (await bed.PostAsync("/v2/repository/index", """{"ready":true}""")).Body);

        Assert.Equal((200, ""), await bed.PostAsync("/v2/repository/models/moving/unload", """{"parameters":{"unload_dependents":false}}"""));
        Assert.Contains("""{"name":"moving","version":"1","state":"UNAVAILABLE","reason":"unloaded"}""", (await bed.PostAsync("/v2/repository/index", "")).Body);
        Assert.DoesNotContain("moving", (await bed.PostAsync("/v2/repository/index", """{"ready":true}""")).Body);
        Assert.Equal(404, (await bed.GetAsync("/v2/models/moving")).Status);
    }

    [Theory]
    [InlineData("/v2/repository/models/simple/load", """{"parameters":{"config":"{"}}""", 500, "failed to load 'simple'")]
    [InlineData("/v2/repository/models/nobody/load", "", 500, "failed to load 'nobody', failed to poll from model repository")]
    [InlineData("/v2/repository/models/simple/load", """{"parameters":{"config":1}}""", 400, "must be a string")]
    [InlineData("/v2/repository/models/simple/load", """{"parameters":{"colour":"red"}}""", 400, "unknown parameter 'colour'")]
    [InlineData("/v2/repository/models/simple/load", """{"parameters":{"file:1/model.pt":"!"}}""", 400, "no base64")]
    [InlineData("/v2/repository/models/simple/load", "[", 400, "failed to parse the request JSON buffer")]
    [InlineData("/v2/repository/models/simple/unload", """{"parameters":{"unload_dependents":1}}""", 400, "expected a boolean")]
    [InlineData("/v2/repository/index", """{"ready":"yes"}""", 400, "Invalid value for 'ready': expected a boolean")]
    [InlineData("/v2/repository/other/index", "", 501, "'repository_name' specification is not supported")]
    [InlineData("/v2/systemsharedmemory/region/a/register", "{}", 501, "shared memory is not supported")]
    [InlineData("/v2/logging", """{"log_file":"x"}""", 501, "log file location can not be updated")]
    [InlineData("/v2/logging", """{"log_info":1}""", 400, "log_info must be true or false")]
    [InlineData("/v2/logging", """{"log_warning":false}""", 400, "log_info needs log_warning")]
    [InlineData("/v2/logging", """{"log_format":"ISO8601"}""", 400, "log_format")]
    public async Task Post_WrongRequest_SaysWhatIsWrong(string path, string body, int status, string message)
    {
        var (code, answer) = await bed.PostAsync(path, body);

        using var error = JsonDocument.Parse(answer);
        Assert.Contains(message, error.RootElement.GetProperty("error").GetString());
        Assert.Equal(status, code);
    }

    [Fact]
    public async Task Post_Unregister_HasNothingToDo()
    {
        Assert.Equal(200, (await bed.PostAsync("/v2/systemsharedmemory/unregister", "")).Status);
        Assert.Equal(200, (await bed.PostAsync("/v2/cudasharedmemory/region/a/unregister", "")).Status);
    }

    [Fact]
    public async Task Logging_Changed_TellsSo()
    {
        const string Quiet = """{"log_file":"","log_info":false,"log_warning":true,"log_error":true,"log_verbose_level":0,"log_format":"default"}""";
        const string Usual = """{"log_file":"","log_info":true,"log_warning":true,"log_error":true,"log_verbose_level":0,"log_format":"default"}""";
        const string Verbose = """{"log_file":"","log_info":true,"log_warning":true,"log_error":true,"log_verbose_level":1,"log_format":"default"}""";
        Assert.Equal((200, Usual), await bed.GetAsync("/v2/logging"));

        Assert.Equal((200, Verbose), await bed.PostAsync("/v2/logging", """{"log_verbose_level":1}"""));
        Assert.Equal((200, Quiet), await bed.PostAsync("/v2/logging", """{"log_verbose_level":0,"log_info":false}"""));
        Assert.Equal((200, Quiet), await bed.GetAsync("/v2/logging"));
        Assert.Equal((200, Usual), await bed.PostAsync("/v2/logging", """{"log_info":true}"""));
    }
}
