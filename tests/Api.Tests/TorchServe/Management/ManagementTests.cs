using System.Text.Json;

namespace Granary.Api.Tests.TorchServe.Management;

/// <summary>The management API over the whole service, each test with a store of its own.</summary>
public sealed class ManagementTests : IAsyncLifetime
{
    private readonly TorchServeBed _bed = new();

    public Task InitializeAsync() => _bed.StartAsync();

    public Task DisposeAsync() => _bed.DisposeAsync();

    private Task<(int Status, string Body)> PostAsync(string query) => _bed.SendAsync(HttpMethod.Post, $"/models?{query}");

    private Task<(int Status, string Body)> PutAsync(string path) => _bed.SendAsync(HttpMethod.Put, path);

    private Task<(int Status, string Body)> DeleteAsync(string path) => _bed.SendAsync(HttpMethod.Delete, path);

    private async Task<JsonElement> DescribeAsync(string path)
    {
        var (status, text) = await _bed.GetAsync(path);
        Assert.True(status == 200, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    [Fact]
    public async Task Register_WithoutWorkers_AnswersOnceItIsScaled()
    {
        Assert.Equal((200, TorchServeBed.Status("Model \\\"twice\\\" Version: 1.0 registered with 0 initial workers. Use scale workers API to add workers for the model.")), await PostAsync("url=twice.mar"));
        const string NoWorker = "has no worker to serve inference request. Please use scale workers API to add workers. If this is a sequence inference, please check if it is closed, or expired; or exceeds maxSequenceJobQueueSize";
        Assert.Equal((503, TorchServeBed.Error(503, "ServiceUnavailableException", "Model \\\"twice\\\" " + NoWorker)), await _bed.PredictAsync("/predictions/twice", "[1.0]"));
        Assert.Equal((503, TorchServeBed.Error(503, "ServiceUnavailableException", "Model \\\"twice\\\" Version 1.0\\\" " + NoWorker)), await _bed.PredictAsync("/predictions/twice/1.0", "[1.0]"));

        Assert.Equal((200, TorchServeBed.Status("Workers scaled to 2 for model: twice")), await PutAsync("/models/twice?min_worker=2&synchronous=true"));
        Assert.Equal((200, "[\n  3.0\n]"), await _bed.PredictAsync("/predictions/twice", "[1.0]"));
        Assert.Equal((200, TorchServeBed.Status("Workers scaled to 1 for model: twice, version: 1.0")), await PutAsync("/models/twice/1.0?min_worker=1&max_worker=4&synchronous=true"));

        var model = (await DescribeAsync("/models/twice"))[0];
        Assert.Equal((1, 4), (model.GetProperty("minWorkers").GetInt32(), model.GetProperty("maxWorkers").GetInt32()));
        Assert.Equal((200, TorchServeBed.Status("Workers scaled to 0 for model: twice")), await PutAsync("/models/twice?min_worker=0&synchronous=true"));
        Assert.Equal(503, (await _bed.PredictAsync("/predictions/twice", "[1.0]")).Status);
    }

    [Fact]
    public async Task Describe_AVersion_HasTorchServesMembersInItsOrder()
    {
        Assert.Equal((200, TorchServeBed.Status("Model \\\"twice\\\" Version: 1.0 registered with 1 initial workers")),
            await PostAsync("url=twice.mar&initial_workers=1&synchronous=true&batch_size=4&max_batch_delay=20&response_timeout=7&startup_timeout=90"));

        var model = Assert.Single((await DescribeAsync("/models/twice/1.0")).EnumerateArray());
        Assert.Equal(
            ["modelName", "modelVersion", "modelUrl", "engine", "runtime", "minWorkers", "maxWorkers", "batchSize", "maxBatchDelay", "responseTimeout", "startupTimeout", "maxRetryTimeoutInSec", "clientTimeoutInMills",
             "parallelType", "parallelLevel", "deviceType", "continuousBatching", "useJobTicket", "useVenv", "stateful", "sequenceMaxIdleMSec", "sequenceTimeoutMSec", "maxNumSequence", "maxSequenceJobQueueSize",
             "loadedAtStartup", "workers", "jobQueueStatus"],
            model.EnumerateObject().Select(static member => member.Name));
        Assert.Equal(("twice", "1.0", "twice.mar", "python"), (Text(model, "modelName"), Text(model, "modelVersion"), Text(model, "modelUrl"), Text(model, "runtime")));
        Assert.Equal((4, 20, 7, 90), (Number(model, "batchSize"), Number(model, "maxBatchDelay"), Number(model, "responseTimeout"), Number(model, "startupTimeout")));
        var worker = Assert.Single(model.GetProperty("workers").EnumerateArray());
        Assert.Equal(["id", "startTime", "status", "memoryUsage", "pid", "gpu", "gpuUsage"], worker.EnumerateObject().Select(static member => member.Name));
        Assert.Equal(("9000", "READY", Environment.ProcessId), (Text(worker, "id"), Text(worker, "status"), Number(worker, "pid")));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", Text(worker, "startTime"));
        Assert.Equal((100, 0), (Number(model.GetProperty("jobQueueStatus"), "remainingCapacity"), Number(model.GetProperty("jobQueueStatus"), "pendingRequests")));

        static string Text(JsonElement from, string name) => from.GetProperty(name).GetString()!;
        static int Number(JsonElement from, string name) => from.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task Versions_AreRegisteredDescribedAndMadeDefault()
    {
        await PostAsync("url=twice.mar&initial_workers=1");
        await PostAsync("url=twice2.mar&initial_workers=1");
        Assert.Equal(["1.0", "2.0"], (await DescribeAsync("/models/twice/all")).EnumerateArray().Select(static model => model.GetProperty("modelVersion").GetString()!));
        Assert.Equal("1.0", (await DescribeAsync("/models/twice"))[0].GetProperty("modelVersion").GetString());
        Assert.Equal((403, TorchServeBed.Error(403, "InvalidModelVersionException", "Cannot remove default version for model twice")), await DeleteAsync("/models/twice/1.0"));
        Assert.Equal((403, TorchServeBed.Error(403, "InvalidModelVersionException", "Cannot remove default version for model twice")), await DeleteAsync("/models/twice"));

        Assert.Equal((200, TorchServeBed.Status("Default version successfully updated for model \\\"twice\\\" to \\\"2.0\\\"")), await PutAsync("/models/twice/2.0/set-default"));
        Assert.Equal("2.0", (await DescribeAsync("/models/twice"))[0].GetProperty("modelVersion").GetString());
        Assert.Equal((200, TorchServeBed.Status("Model \\\"twice\\\" unregistered")), await DeleteAsync("/models/twice/1.0"));
        Assert.Equal((200, TorchServeBed.Status("Model \\\"twice\\\" unregistered")), await DeleteAsync("/models/twice"));
        Assert.Equal((404, TorchServeBed.Error(404, "ModelNotFoundException", "Model not found: twice")), await _bed.GetAsync("/models/twice"));
    }

    [Fact]
    public async Task List_SeveralModels_ComesInPages()
    {
        foreach (var name in new[] { "c", "a", "b" })
            await PostAsync($"url=twice.mar&model_name={name}");

        Assert.Equal((200, Page("\"nextPageToken\": \"2\",\n  ", "a", "b")), await _bed.GetAsync("/models?limit=2"));
        Assert.Equal((200, Page("", "c")), await _bed.GetAsync("/models?limit=2&next_page_token=2"));
        Assert.Equal((200, Page("", "a", "b", "c")), await _bed.GetAsync("/models?limit=-5&next_page_token=-1"));
        Assert.Equal((200, "{\n  \"models\": []\n}\n"), await _bed.GetAsync("/models?next_page_token=99"));

        static string Page(string token, params string[] names) =>
            $"{{\n  {token}\"models\": [\n{string.Join(",\n", names.Select(static name => $"    {{\n      \"modelName\": \"{name}\",\n      \"modelUrl\": \"twice.mar\"\n    }}"))}\n  ]\n}}\n";
    }

    [Theory]
    [InlineData("", 400, "BadRequestException", "Parameter url is required.")]
    [InlineData("url=none.mar", 404, "ModelNotFoundException", "Model not found at: none.mar")]
    [InlineData("url=../twice.mar", 404, "ModelNotFoundException", "Relative path is not allowed in url: ../twice.mar")]
    [InlineData("url=/etc/passwd", 404, "ModelNotFoundException", "Model not found at: /etc/passwd")]
    [InlineData("url=http://example.org/m.mar", 404, "ModelNotFoundException", "Given URL http://example.org/m.mar does not match any allowed URL(s)")]
    [InlineData("url=file:///etc/passwd", 404, "ModelNotFoundException", "Given URL file:///etc/passwd does not match any allowed URL(s)")]
    [InlineData("url=twice.mar&runtime=ruby", 400, "BadRequestException", "Invalid model runtime type: ruby")]
    public async Task Register_WhatCannotBe_IsRefused(string query, int status, string type, string message) =>
        Assert.Equal((status, TorchServeBed.Error(status, type, message)), await PostAsync(query));

    [Fact]
    public async Task Register_Twice_Is409()
    {
        await PostAsync("url=twice.mar");
        Assert.Equal((409, TorchServeBed.Error(409, "ConflictStatusException", "Model version 1.0 is already registered for model twice")), await PostAsync("url=twice.mar"));
    }

    [Fact]
    public async Task Register_AnArchiveThatNeedsPython_Is400WithWhatToDo()
    {
        ModelArchives.Write(Path.Combine(_bed.Store, "python.mar"), "python", handler: "my_handler.py");
        var (status, text) = await PostAsync("url=python.mar");
        Assert.Equal(400, status);
        Assert.Contains("\"InvalidModelException\"", text);
        Assert.Contains("my_handler.py", text);
        Assert.Contains("handler=", text);
    }

    [Fact]
    public async Task Register_WorkersDoNotStart_Is500AndNotRegistered()
    {
        ModelArchives.Write(Path.Combine(_bed.Store, "wrong.mar"), "wrong", serialized: "weights.pt", more: ("weights.pt", "this is no model"));
        var (status, text) = await PostAsync("url=wrong.mar&initial_workers=1&synchronous=true");
        Assert.Equal(500, status);
        Assert.Contains("\"message\": \"Failed to start workers for model wrong version: 1.0: ", text);
        Assert.Equal(404, (await _bed.GetAsync("/models/wrong")).Status);
    }

    [Fact]
    public async Task Register_JsonBody_IsReadAsTheQueryIs()
    {
        var answer = await _bed.SendAsync(HttpMethod.Post, "/models", new StringContent("""{"url": "twice.mar", "model_name": "json", "initial_workers": 1, "synchronous": true, "batch_size": 3}"""), "application/json");
        Assert.Equal((200, TorchServeBed.Status("Model \\\"json\\\" Version: 1.0 registered with 1 initial workers")), answer);
        Assert.Equal(3, (await DescribeAsync("/models/json"))[0].GetProperty("batchSize").GetInt32());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"url\": 1}")]
    [InlineData("{\"url\": \"twice.mar\", \"batch_size\": \"x\"}")]
    [InlineData("{")]
    public async Task Register_WrongJson_Is400(string body)
    {
        var (status, text) = await _bed.SendAsync(HttpMethod.Post, "/models", new StringContent(body), "application/json");
        Assert.True(status == 400, text);
        Assert.Contains("BadRequestException", text);
    }

    [Theory]
    [InlineData("PUT", "/models/none?min_worker=1", 404, "ModelNotFoundException", "Model not found: none")]
    [InlineData("PUT", "/models/none/1.0/set-default", 404, "ModelNotFoundException", "Model not found: none")]
    [InlineData("DELETE", "/models/none", 404, "ModelNotFoundException", "Model not found: none")]
    [InlineData("GET", "/models/none/all", 404, "ModelNotFoundException", "Model not found: none")]
    [InlineData("PATCH", "/models", 405, "MethodNotAllowedException", "Requested method is not allowed, please refer to API document.")]
    [InlineData("DELETE", "/models/none/1.0/set-default", 405, "MethodNotAllowedException", "Requested method is not allowed, please refer to API document.")]
    public async Task Manage_WhatIsNotThere_AnswersInTorchServesForm(string method, string path, int status, string type, string message) =>
        Assert.Equal((status, TorchServeBed.Error(status, type, message)), await _bed.SendAsync(new HttpMethod(method), path));

    [Fact]
    public async Task Scale_MoreLeastThanMost_Is400()
    {
        await PostAsync("url=twice.mar");
        Assert.Equal((400, TorchServeBed.Error(400, "BadRequestException", "max_worker cannot be less than min_worker.")), await PutAsync("/models/twice?min_worker=3&max_worker=2"));
        Assert.Equal((202, TorchServeBed.Status("Processing worker updates...")), await PutAsync("/models/twice?min_worker=1"));
    }

    [Fact]
    public async Task BatchSize_ConcurrentRequests_AreJoined()
    {
        await PostAsync("url=twice.mar&initial_workers=1&batch_size=16&max_batch_delay=200");
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => _bed.PredictAsync("/predictions/twice", $"[{i}.0, 0.5]")));

        for (var i = 0; i < answers.Length; i++)
            Assert.Equal((200, $"[\n  {(2 * i) + 1}.0,\n  2.0\n]"), answers[i]);
        using var statistics = JsonDocument.Parse((await _bed.GetAsync("/v2/models/twice/stats")).Body);
        var model = statistics.RootElement.GetProperty("model_stats")[0];
        Assert.Equal(64, model.GetProperty("inference_count").GetInt32());
        Assert.True(model.GetProperty("execution_count").GetInt32() < 64, "no two requests were joined");
    }

    [Fact]
    public async Task Restart_RegisteredModels_AreServedAgain()
    {
        await PostAsync("url=twice.mar&initial_workers=1&model_name=kept");
        await PutAsync("/models/kept?min_worker=3&synchronous=true");
        await _bed.StopAsync();

        await _bed.StartAsync();
        Assert.Equal((200, "[\n  3.0\n]"), await _bed.PredictAsync("/predictions/kept", "[1.0]"));
        Assert.Equal(3, (await DescribeAsync("/models/kept"))[0].GetProperty("minWorkers").GetInt32());
        await _bed.StopAsync();

        await _bed.StartAsync("--ncs", "--models", "twice.mar,second=twice2.mar");
        Assert.Equal(404, (await _bed.GetAsync("/models/kept")).Status);
        Assert.Equal(["second", "twice"], (await DescribeAsync("/models")).GetProperty("models").EnumerateArray().Select(static model => model.GetProperty("modelName").GetString()!));
        Assert.True((await DescribeAsync("/models/second"))[0].GetProperty("loadedAtStartup").GetBoolean());
        Assert.Equal((200, "[\n  3.0\n]"), await _bed.PredictAsync("/predictions/second/2.0", "[1.0]"));
    }

    [Fact]
    public async Task Start_All_RegistersEveryArchive()
    {
        File.Copy(Path.Combine(_bed.Store, "twice.mar"), Path.Combine(_bed.Store, "copy.mar"));
        File.WriteAllText(Path.Combine(_bed.Store, "broken.mar"), "no archive");
        await _bed.StopAsync();

        await _bed.StartAsync("--models=all");
        Assert.Equal("twice", Assert.Single((await DescribeAsync("/models")).GetProperty("models").EnumerateArray()).GetProperty("modelName").GetString());
        Assert.Equal(2, (await DescribeAsync("/models/twice/all")).GetArrayLength());
    }

    [Fact]
    public async Task ModelApi_Disabled_Is405()
    {
        await _bed.StopAsync();
        await _bed.StartAsync("--Granary:TorchServe:EnableModelApi=false");
        Assert.Equal(405, (await PostAsync("url=twice.mar")).Status);
        Assert.Equal(405, (await DeleteAsync("/models/twice")).Status);
        Assert.Equal(200, (await _bed.GetAsync("/models")).Status);
    }

    [Fact]
    public async Task Unregister_ARepositorysModel_IsRefused()
    {
        var version = Directory.CreateDirectory(Path.Combine(_bed.Store, "triton", "1"));
        File.Copy(ModelArchives.Module, Path.Combine(version.FullName, "model.pt"));
        await _bed.StopAsync();
        await _bed.StartAsync();
        Assert.Equal((200, "[\n  3.0\n]"), await _bed.PredictAsync("/predictions/triton/1.0", "[1.0]"));
        Assert.Equal(403, (await DeleteAsync("/models/triton")).Status);
    }
}
