namespace Granary.Api.Tests.OpenInference.Http;

public sealed class InferJsonTests(V2Bed bed) : IClassFixture<V2Bed>
{
    private const string Sixteen = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]";

    private static string Simple(string extra = "", string shape = "[1,16]", string data = Sixteen, string datatype = "INT32", string id = "") =>
        $$"""{ {{(id.Length > 0 ? $"\"id\":\"{id}\"," : "")}}"inputs":[{"name":"INPUT0","shape":{{shape}},"datatype":"{{datatype}}","data":{{data}}},{"name":"INPUT1","shape":[1,16],"datatype":"INT32","data":{{Sixteen}}}]{{extra}}}""";

    [Theory]
    [InlineData(Sixteen)]
    [InlineData("[" + Sixteen + "]")]
    [InlineData("[[[[1,2,3,4],[5,6,7,8]],[[9,10,11,12],[13,14,15,16]]]]")]
    public async Task Infer_TwoInputs_AnswersInTritonsOrderAndCompact(string data)
    {
        var (status, body) = await bed.InferAsync("simple", Simple(data: data, id: "a\\\"b"));

        Assert.Equal("""{"id":"a\"b","model_name":"simple","model_version":"1","outputs":[{"name":"OUTPUT0","datatype":"INT32","shape":[1,16],"data":[2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32]},{"name":"OUTPUT1","datatype":"INT32","shape":[1,16],"data":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}]}""", body);
        Assert.Equal(200, status);
    }

    [Fact]
    public async Task Infer_DataBeforeShapeAndDatatype_IsReadAllTheSame()
    {
        var (status, body) = await bed.InferAsync("echo", """{"outputs":[],"inputs":[{"data":[1.5,2.5],"extra":{"a":[1]},"datatype":"FP32","shape":[2],"name":"x"}],"later":null}""");

        Assert.Equal("""{"model_name":"echo","model_version":"1","outputs":[{"name":"OUTPUT__0","datatype":"FP32","shape":[2],"data":[1.5,2.5]}]}""", body);
        Assert.Equal(200, status);
    }

    [Fact]
    public async Task Infer_OneOutputAsked_AnswersThatOne()
    {
        var (_, body) = await bed.InferAsync("simple", Simple(""","outputs":[{"name":"OUTPUT1"}]"""));

        Assert.Equal("""{"model_name":"simple","model_version":"1","outputs":[{"name":"OUTPUT1","datatype":"INT32","shape":[1,16],"data":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}]}""", body);
    }

    [Fact]
    public async Task Infer_Classification_NamesTheBestWithLabels()
    {
        var (_, body) = await bed.InferAsync("simple", Simple(""","outputs":[{"name":"OUTPUT0","parameters":{"classification":2}},{"name":"OUTPUT1","parameters":{"classification":1}}]"""));

        Assert.Equal("""{"model_name":"simple","model_version":"1","outputs":[{"name":"OUTPUT0","datatype":"BYTES","shape":[1,2],"data":["32:15:class 15","30:14:class 14"]},{"name":"OUTPUT1","datatype":"BYTES","shape":[1,1],"data":["0:0"]}]}""", body);
    }

    [Fact]
    public async Task Infer_ClassificationOfFloats_HasSixDecimals()
    {
        var (_, body) = await bed.InferAsync("echo", """{"inputs":[{"name":"x","shape":[3],"datatype":"FP32","data":[0.5,2.2408931,-1]}],"outputs":[{"name":"OUTPUT__0","parameters":{"classification":9}}]}""");

        Assert.Contains("""{"name":"OUTPUT__0","datatype":"BYTES","shape":[3],"data":["2.240893:1","0.500000:0","-1.000000:2"]}""", body);
    }

    [Theory]
    [InlineData("BOOL", "[true,false]")]
    [InlineData("UINT8", "[0,255]")]
    [InlineData("INT8", "[-128,127]")]
    [InlineData("INT16", "[-32768,32767]")]
    [InlineData("INT32", "[-2147483648,2147483647]")]
    [InlineData("INT64", "[-9223372036854775808,9223372036854775807]")]
    [InlineData("FP16", "[1.5,-65504.0]")]
    [InlineData("BF16", "[1.5,-256.0]")]
    [InlineData("FP32", "[0.25,NaN]")]
    [InlineData("FP64", "[0.1,-Infinity]")]
    public async Task Infer_EveryDatatypeOfTorch_ComesBack(string datatype, string data)
    {
        var (status, body) = await bed.InferAsync("echo", $$"""{"inputs":[{"name":"x","shape":[2],"datatype":"{{datatype}}","data":{{data}}}]}""");

        Assert.Equal($$"""{"model_name":"echo","model_version":"1","outputs":[{"name":"OUTPUT__0","datatype":"{{datatype}}","shape":[2],"data":{{data}}}]}""", body);
        Assert.Equal(200, status);
    }

    [Fact]
    public async Task Infer_DictionaryModel_TakesKeysAndAnswersKeys()
    {
        var (_, body) = await bed.InferAsync("dictionary", """{"inputs":[{"name":"b","shape":[1],"datatype":"FP64","data":[3]},{"name":"a","shape":[1],"datatype":"FP64","data":[1]}]}""");

        Assert.Equal("""{"model_name":"dictionary","model_version":"1","outputs":[{"name":"sum","datatype":"FP64","shape":[1],"data":[4.0]},{"name":"diff","datatype":"FP64","shape":[1],"data":[-2.0]}]}""", body);
    }

    [Fact]
    public async Task Infer_ListsStringsAndNumbers_GoOutFlat()
    {
        var (_, body) = await bed.InferAsync("mixed", """{"inputs":[{"name":"words","shape":[2],"datatype":"BYTES","data":["hé",["\u4f60"]]},{"name":"x","shape":[1],"datatype":"INT64","data":[3]}]}""");

        Assert.Equal("""{"model_name":"mixed","model_version":"1","outputs":[{"name":"OUTPUT__0.0","datatype":"INT64","shape":[1],"data":[3]},{"name":"OUTPUT__0.1","datatype":"INT64","shape":[1],"data":[6]},{"name":"OUTPUT__1","datatype":"BYTES","shape":[2],"data":["hé!","你!"]},{"name":"OUTPUT__2","datatype":"INT64","shape":[1],"data":[2]}]}""", body);
    }

    [Fact]
    public async Task Infer_NamedTupleOfScalars_AnswersFields()
    {
        var (_, body) = await bed.InferAsync("named", """{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[1,3]}]}""");

        Assert.Equal("""{"model_name":"named","model_version":"1","outputs":[{"name":"mean","datatype":"FP32","shape":[1],"data":[2.0]},{"name":"most","datatype":"FP32","shape":[1],"data":[3.0]}]}""", body);
    }

    [Fact]
    public async Task Infer_Reshape_CallersSeeTheConfiguredShape()
    {
        var (_, body) = await bed.InferAsync("flat", """{"inputs":[{"name":"x","shape":[2,2,2],"datatype":"FP32","data":[1,2,3,4,5,6,7,8]}]}""");

        Assert.Equal("""{"model_name":"flat","model_version":"1","outputs":[{"name":"y","datatype":"FP32","shape":[2,2,2],"data":[10.0,20.0,30.0,40.0,50.0,60.0,70.0,80.0]}]}""", body);
    }

    [Fact]
    public async Task Infer_EmptyTensor_NeedsNoData()
    {
        var (_, body) = await bed.InferAsync("echo", """{"inputs":[{"name":"x","shape":[0,3],"datatype":"FP32"}]}""");

        Assert.Equal("""{"model_name":"echo","model_version":"1","outputs":[{"name":"OUTPUT__0","datatype":"FP32","shape":[0,3],"data":[]}]}""", body);
    }

    public static TheoryData<string, int, string> Wrong => new()
    {
        { """{"id":"7","inputs":[{"name":"INPUT0","shape":[1,16],"datatype":"INT32","data":[1]}]}""", 400, "needs 16" },
        { Simple(datatype: "FP32"), 400, "[request id: <id_unknown>] inference input 'INPUT0' data-type is 'FP32', but model 'simple' expects 'INT32'" },
        { """{"id":"7","inputs":[{"name":"INPUT0","shape":[1,1],"datatype":"INT32","data":[1]}]}""", 400, "[request id: 7] expected 2 inputs but got 1 inputs for model 'simple'. Got input(s) ['INPUT0'], but missing required input(s) ['INPUT1']. Please provide all required input(s)." },
        { Simple(shape: "[1,4,4]"), 400, "[request id: <id_unknown>] unexpected shape for input 'INPUT0' for model 'simple'. Expected [-1,16], got [1,4,4]. NOTE: Setting a non-zero max_batch_size" },
        { Simple(shape: "[16]"), 400, "[request id: <id_unknown>] inference request batch-size must be <= 8 for 'simple'" },
        { Simple(shape: "[0,16]", data: "[]"), 400, "[request id: <id_unknown>] input 'INPUT1' batch size does not match other inputs for 'simple'" },
        { Simple().Replace("\"INPUT1\"", "\"INPUT0\""), 400, "[request id: <id_unknown>] input 'INPUT0' already exists in request" },
        { Simple().Replace("\"INPUT1\"", "\"X\""), 400, "[request id: <id_unknown>] unexpected inference input 'X' for model 'simple'" },
        { Simple(""","outputs":[{"name":"X"}]"""), 400, "[request id: <id_unknown>] unexpected inference output 'X' for model 'simple'" },
        { Simple(""","outputs":[{"name":"OUTPUT0"},{"name":"OUTPUT0"}]"""), 400, "[request id: <id_unknown>] output 'OUTPUT0' already exists in request" },
        { Simple(datatype: "FP99"), 400, "invalid datatype 'FP99' for input 'INPUT0'" },
        { Simple(""","parameters":{"triton_x":1}"""), 400, "parameter keys starting with 'triton_' are reserved" },
        { Simple(""","parameters":{"sequence_id":5}"""), 501, "sequences are not supported" },
        { Simple().Replace("\"data\":" + Sixteen, "\"parameters\":{\"shared_memory_region\":\"r\"}"), 501, "shared memory is not supported" },
        { Simple().Replace("\"data\":" + Sixteen, "\"x\":1"), 400, "no field is set for input 'INPUT0'" },
        { Simple(shape: "[-1,16]"), 400, "shape" },
        { Simple()[..^1], 400, "malformed JSON at byte" },
        { "", 400, "the request has no JSON" },
        { "[]", 400, "expected an object" },
        { "{}", 400, "the request has no 'inputs'" },
        { Simple(data: "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,1e99]"), 400, "byte" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Infer_WrongRequest_SaysWhatIsWrong(string request, int status, string message)
    {
        var (code, body) = await bed.InferAsync("simple", request);

        using var error = System.Text.Json.JsonDocument.Parse(body);
        Assert.Contains(message, Assert.Single(error.RootElement.EnumerateObject(), property => property.Name == "error").Value.GetString());
        Assert.Equal(status, code);
    }

    [Theory]
    [InlineData("nobody", "Request for unknown model: 'nobody' is not found", 404)]
    [InlineData("simple/versions/3", "Request for unknown model: 'simple' version 3 is not found", 404)]
    [InlineData("simple/versions/x", "Not Found", 404)]
    public async Task Infer_UnknownModel_IsNotFound(string model, string message, int status)
    {
        Assert.Equal((status, $$"""{"error":"{{message}}"}"""), await bed.InferAsync(model, Simple()));
    }

    [Fact]
    public async Task Infer_OutputOfAnotherType_SaysWhatIsConfigured()
    {
        var (status, body) = await bed.InferAsync("wrong", """{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[3]}]}""");

        Assert.Equal((400, """{"error":"configuration expects datatype TYPE_INT64 for output 'y', model provides TYPE_FP32"}"""), (status, body));
    }

    [Fact]
    public async Task Infer_VersionInThePath_IsServed()
    {
        var (status, _) = await bed.InferAsync("simple/versions/1", Simple());

        Assert.Equal(200, status);
    }
}
