using System.Text.Json;
using Granary.Api.Grpc.Protos;
using Granary.Api.Tests.OpenInference.Grpc;

namespace Granary.Api.Tests.OpenInference.Ensembles;

/// <summary>Ensembles through the whole service: real modules, HTTP.</summary>
public sealed class EnsembleTests(V2Bed bed) : IClassFixture<V2Bed>
{
    private const string Tensors = """
        max_batch_size: 8
        input [ { name: 'A' data_type: TYPE_INT32 dims: [16] }, { name: 'B' data_type: TYPE_INT32 dims: [16] } ]
        output [ { name: 'X' data_type: TYPE_INT32 dims: [16] }, { name: 'Y' data_type: TYPE_INT32 dims: [16] } ]
        """;

    /// <summary>x+y and x-y of x+y and x-y: twice the inputs.</summary>
    private const string Twice = """
        simple(INPUT0=s,INPUT1=d)->(OUTPUT0=X,OUTPUT1=Y)
        simple(INPUT0=A,INPUT1=B)->(OUTPUT0=s,OUTPUT1=d)
        """;

    private static string Request(int rows, int a, int b, string more = "") =>
        $$"""{"inputs":[{{Input("A", rows, a)}},{{Input("B", rows, b)}}]{{more}}}""";

    private static string Input(string name, int rows, int value) =>
        $$"""{"name":"{{name}}","datatype":"INT32","shape":[{{rows}},16],"data":[{{string.Join(',', Enumerable.Repeat(value, rows * 16))}}]}""";

    private static string Data(int rows, int value) => $"[{string.Join(',', Enumerable.Repeat(value, rows * 16))}]";

    private async Task LoadAsync(string name, string tensors, string steps)
    {
        bed.AddEnsemble(name, tensors, steps);
        Assert.Equal((200, ""), await bed.PostAsync($"/v2/repository/models/{name}/load", ""));
    }

    private async Task<string> LoadFailureAsync(string name, string tensors, string steps)
    {
        bed.AddEnsemble(name, tensors, steps);
        var (status, body) = await bed.PostAsync($"/v2/repository/models/{name}/load", "");
        Assert.NotEqual(200, status);
        Directory.Delete(Path.Combine(bed.Root, name), true);
        return JsonDocument.Parse(body).RootElement.GetProperty("error").GetString()!;
    }

    private async Task<JsonElement> StatisticsAsync(string model) =>
        JsonDocument.Parse((await bed.GetAsync($"/v2/models/{model}/stats")).Body).RootElement.GetProperty("model_stats")[0];

    [Fact]
    public async Task Infer_ChainOfSteps_AnswersTheirResult()
    {
        await LoadAsync("twice", Tensors, Twice);
        var before = (await StatisticsAsync("simple")).GetProperty("inference_count").GetInt64();

        var (status, body) = await bed.InferAsync("twice", Request(2, 5, 3));

        Assert.Equal(200, status);
        Assert.Equal(
            $$"""{"model_name":"twice","model_version":"1","outputs":[{"name":"X","datatype":"INT32","shape":[2,16],"data":{{Data(2, 10)}}},{"name":"Y","datatype":"INT32","shape":[2,16],"data":{{Data(2, 6)}}}]}""",
            body);
        var counters = await StatisticsAsync("twice");
        Assert.Equal(2, counters.GetProperty("inference_count").GetInt64());
        Assert.Equal(1, counters.GetProperty("inference_stats").GetProperty("success").GetProperty("count").GetInt64());
        Assert.Equal(before + 4, (await StatisticsAsync("simple")).GetProperty("inference_count").GetInt64());
    }

    [Fact]
    public async Task Infer_OverGrpc_AnswersAsOverHttp()
    {
        await LoadAsync("called", Tensors, Twice);
        using var client = new InferenceClient(bed.Client.BaseAddress!);
        ModelInferRequest Call(int a, int b, string id) => new()
        {
            ModelName = "called",
            Id = id,
            Inputs = { InferenceClient.Input("A", "INT32", 1, 16), InferenceClient.Input("B", "INT32", 1, 16) },
            RawInputContents = { InferenceClient.Raw<int>([.. Enumerable.Repeat(a, 16)]), InferenceClient.Raw<int>([.. Enumerable.Repeat(b, 16)]) },
        };

        var answer = await client.InferAsync(Call(5, 3, "a"));

        Assert.Equal(("called", "1", "a"), (answer.ModelName, answer.ModelVersion, answer.Id));
        Assert.Equal(["X INT32 1,16", "Y INT32 1,16"], answer.Outputs.Select(static output => $"{output.Name} {output.Datatype} {string.Join(',', output.Shape)}"));
        Assert.Equal(Enumerable.Repeat(10, 16), InferenceClient.Numbers<int>(answer.RawOutputContents[0]));
        Assert.Equal(Enumerable.Repeat(6, 16), InferenceClient.Numbers<int>(answer.RawOutputContents[1]));
        var (responses, _) = await client.StreamAsync([Call(1, 2, "b"), Call(3, 4, "c")]);
        Assert.Equal(["b 2", "c 6"], responses.Select(static response => $"{response.InferResponse.Id} {InferenceClient.Numbers<int>(response.InferResponse.RawOutputContents[0])[0]}"));
        var wrong = Call(1, 2, "d");
        wrong.Inputs[1].Name = "C";
        Assert.Equal((3, "[request id: d] unexpected inference input 'C' for model 'called'"), await client.FailAsync("ModelInfer", wrong));
        var counted = Assert.Single((await client.CallAsync<ModelStatisticsResponse>("ModelStatistics", new ModelStatisticsRequest { Name = "called" })).ModelStats);
        Assert.Equal((3ul, 1ul), (counted.InferenceStats.Success.Count, counted.InferenceStats.Fail.Count));
        Assert.Equal("ensemble", (await client.CallAsync<ModelMetadataResponse>("ModelMetadata", new ModelMetadataRequest { Name = "called" })).Platform);
    }

    [Fact]
    public async Task Infer_OneOutputAsClasses_HasTheLabelsOfTheStepsModel()
    {
        await LoadAsync("labelled", Tensors, Twice);

        var (_, body) = await bed.InferAsync("labelled", Request(1, 5, 3, ""","id":"7","outputs":[{"name":"X","parameters":{"classification":1}}]"""));

        Assert.Equal("""{"id":"7","model_name":"labelled","model_version":"1","outputs":[{"name":"X","datatype":"BYTES","shape":[1,1],"data":["10:0:class 0"]}]}""", body);
    }

    [Fact]
    public async Task Infer_OneOutputOfTwoBranches_RunsOnlyWhatItNeeds()
    {
        await LoadAsync("branches", """
            max_batch_size: 8
            input [ { name: 'A' data_type: TYPE_INT32 dims: [16] }, { name: 'B' data_type: TYPE_INT32 dims: [16] } ]
            output [ { name: 'S' data_type: TYPE_INT32 dims: [16] }, { name: 'T' data_type: TYPE_INT32 dims: [16] } ]
            """, """
            simple(INPUT0=A,INPUT1=B)->(OUTPUT0=S)
            simple(INPUT0=B,INPUT1=A)->(OUTPUT1=T)
            """);
        var before = (await StatisticsAsync("simple")).GetProperty("inference_count").GetInt64();

        var (_, body) = await bed.InferAsync("branches", Request(1, 5, 3, ""","outputs":[{"name":"T"}]"""));

        Assert.Contains($"\"name\":\"T\",\"datatype\":\"INT32\",\"shape\":[1,16],\"data\":{Data(1, -2)}", body, StringComparison.Ordinal);
        Assert.DoesNotContain("\"S\"", body, StringComparison.Ordinal);
        Assert.Equal(before + 1, (await StatisticsAsync("simple")).GetProperty("inference_count").GetInt64());
    }

    [Fact]
    public async Task Infer_EnsembleOfAnEnsemble_RunsBoth()
    {
        await LoadAsync("inner", Tensors, Twice);
        await LoadAsync("outer", Tensors, """
            inner(A=A,B=B)->(X=x,Y=y)
            inner(A=x,B=y)->(X=X,Y=Y)
            """);

        var (_, body) = await bed.InferAsync("outer", Request(1, 5, 3));

        Assert.Contains($"\"data\":{Data(1, 20)}", body, StringComparison.Ordinal);
        Assert.Contains($"\"data\":{Data(1, 12)}", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_StepWhoseTensorsNobodyWroteDown_GoesByTheRequestsNames()
    {
        await LoadAsync("words", """
            input [ { name: 'W' data_type: TYPE_STRING dims: [-1] }, { name: 'N' data_type: TYPE_FP32 dims: [-1] } ]
            output [ { name: 'LOUD' data_type: TYPE_STRING dims: [-1] }, { name: 'M' data_type: TYPE_FP32 dims: [-1] } ]
            """, """
            mixed(x=N,words=W)->(OUTPUT__0.1=m,OUTPUT__1=w)
            mixed(x=m,words=w)->(OUTPUT__0.1=M,OUTPUT__1=LOUD)
            """);

        var (status, body) = await bed.InferAsync("words",
            """{"inputs":[{"name":"N","datatype":"FP32","shape":[2],"data":[1,2]},{"name":"W","datatype":"BYTES","shape":[2],"data":["a","b"]}]}""");

        Assert.Equal((200, """{"model_name":"words","model_version":"1","outputs":[{"name":"LOUD","datatype":"BYTES","shape":[2],"data":["a!!","b!!"]},{"name":"M","datatype":"FP32","shape":[2],"data":[4.0,8.0]}]}"""), (status, body));
    }

    [Fact]
    public async Task Describe_Ensemble_ShowsItsOwnTensorsAndSteps()
    {
        await LoadAsync("shown", Tensors, Twice);

        Assert.Equal(
            """{"name":"shown","versions":["1"],"platform":"ensemble","inputs":[{"name":"A","datatype":"INT32","shape":[-1,16]},{"name":"B","datatype":"INT32","shape":[-1,16]}],"outputs":[{"name":"X","datatype":"INT32","shape":[-1,16]},{"name":"Y","datatype":"INT32","shape":[-1,16]}]}""",
            (await bed.GetAsync("/v2/models/shown")).Body);
        Assert.Equal((200, ""), await bed.GetAsync("/v2/models/shown/ready"));
        var config = JsonDocument.Parse((await bed.GetAsync("/v2/models/shown/config")).Body).RootElement;
        Assert.Equal("simple", config.GetProperty("ensemble_scheduling").GetProperty("step")[1].GetProperty("model_name").GetString());
        Assert.Contains("""{"name":"shown","version":"1","state":"READY"}""", (await bed.PostAsync("/v2/repository/index", "")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_RequestThatDoesNotFit_IsToldAsOfAnyModel()
    {
        await LoadAsync("strict", Tensors, Twice);

        Assert.Equal((400, """{"error":"[request id: <id_unknown>] inference request batch-size must be <= 8 for 'strict'"}"""), await bed.InferAsync("strict", Request(9, 1, 1)));
        Assert.Equal((400, """{"error":"[request id: <id_unknown>] unexpected inference output 'Z' for model 'strict'"}"""), await bed.InferAsync("strict", Request(1, 1, 1, ""","outputs":[{"name":"Z"}]""")));
    }

    [Fact]
    public async Task Infer_StepFails_NamesItsModel()
    {
        await LoadAsync("failing", """
            input [ { name: 'A' data_type: TYPE_FP32 dims: [-1] } ]
            output [ { name: 'X' data_type: TYPE_INT64 dims: [-1] } ]
            """, "wrong(x=A)->(y=X)");

        var (_, body) = await bed.InferAsync("failing", """{"inputs":[{"name":"A","datatype":"FP32","shape":[1],"data":[1]}]}""");

        Assert.Equal("""{"error":"in ensemble 'failing', model 'wrong': configuration expects datatype TYPE_INT64 for output 'y', model provides TYPE_FP32"}""", body);
        Assert.Equal(1, (await StatisticsAsync("failing")).GetProperty("inference_stats").GetProperty("fail").GetProperty("count").GetInt64());
    }

    [Fact]
    public async Task Load_EnsembleThatDoesNotFitItsModels_IsToldInTritonsWords()
    {
        Assert.Equal("failed to load 'e', failed to poll from model repository: ensemble e contains models that are not available: nobody",
            await LoadFailureAsync("e", Tensors, "nobody(A=A,B=B)->(X=X,Y=Y)"));
        Assert.Equal("failed to load 'e', version 1: in ensemble e, ensemble tensor A: inconsistent data type: TYPE_FP32 is inferred from model e while TYPE_INT32 is inferred from model simple",
            await LoadFailureAsync("e", Tensors.Replace("'A' data_type: TYPE_INT32", "'A' data_type: TYPE_FP32", StringComparison.Ordinal), Twice));
    }

    [Fact]
    public async Task Unload_ModelThatAnEnsembleNeeds_MakesItUnavailableUntilItIsBack()
    {
        bed.AddModel("echo2", """
            backend: "pytorch"
            input [ { name: "x" data_type: TYPE_FP32 dims: [-1] } ]
            output [ { name: "y" data_type: TYPE_FP32 dims: [-1] } ]
            """, "echo");
        await LoadAsync("needy", "input [ { name: 'A' data_type: TYPE_FP32 dims: [-1] } ] output [ { name: 'X' data_type: TYPE_FP32 dims: [-1] } ]", "echo2(x=A)->(y=X)");
        const string Body = """{"inputs":[{"name":"A","datatype":"FP32","shape":[1],"data":[1]}]}""";
        Assert.Equal(200, (await bed.InferAsync("needy", Body)).Status);

        Assert.Equal((200, ""), await bed.PostAsync("/v2/repository/models/echo2/unload", ""));

        Assert.Equal((503, """{"error":"ensemble 'needy' depends on 'echo2' which has no loaded version"}"""), await bed.InferAsync("needy", Body));
        Assert.Equal(400, (await bed.GetAsync("/v2/models/needy/ready")).Status);
        Assert.Contains("""{"name":"needy","version":"1","state":"UNAVAILABLE","reason":"ensemble 'needy' depends on 'echo2' which has no loaded version"}""",
            (await bed.PostAsync("/v2/repository/index", "")).Body, StringComparison.Ordinal);

        // Loading the ensemble again brings its model back.
        Assert.Equal((200, ""), await bed.PostAsync("/v2/repository/models/needy/load", ""));
        Assert.Equal(200, (await bed.GetAsync("/v2/models/echo2/ready")).Status);
        Assert.Equal(200, (await bed.InferAsync("needy", Body)).Status);

        Assert.Equal((200, ""), await bed.PostAsync("/v2/repository/models/needy/unload", """{"parameters":{"unload_dependents":true}}"""));
        Assert.NotEqual(200, (await bed.GetAsync("/v2/models/echo2/ready")).Status);
        Assert.NotEqual(200, (await bed.GetAsync("/v2/models/needy/ready")).Status);
    }

    [Fact]
    public async Task Predict_Ensemble_SaysWhoRunsIt()
    {
        await LoadAsync("other", Tensors, Twice);

        var (status, body) = await bed.PostAsync("/v1/models/other:predict", """{"instances":[[1,2]]}""");

        Assert.Equal(501, status);
        Assert.Contains("model 'other' is an ensemble; only the Open Inference protocol (V2) runs ensembles", body, StringComparison.Ordinal);
    }
}
