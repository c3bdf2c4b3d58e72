using System.IO.Compression;
using System.Net;
using System.Text;
using Google.Protobuf;
using Granary.Api.Grpc.Protos.TorchServe;
using Granary.Api.Tests.EndToEnd;
using Granary.Api.Tests.Grpc;
using Granary.Serving.Embeddings.Batches;

namespace Granary.Api.Tests.TorchServe;

/// <summary>
/// Persia's way through the whole service: an archive with its Python handler, a sparse checkpoint, a batch over gRPC and HTTP, and an
/// incremental packet. The files are those of the independent vectors: sign 7 is [0.5, -0.5], sign 9 is [1, 2], both without a prefix.
/// </summary>
public sealed class PersiaTests : IAsyncLifetime
{
    // An ArrayLinkedList of capacity 3 with two entries.
    private const string Emb = "02000000000000000100000002000000030000000300000003000000020000000000000001020000000000003f000000bf02000000000000000700000000000000000000000100000001020000000000803f0000004002000000000000000900000000000000000000000000000000";
    // Prefix bits 1 leave the group of feature a with the prefix 2^63.
    private const ulong Prefix = 1UL << 63;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-persia-");
    private RealServer? _server;

    private string Packets => Path.Combine(_folder.FullName, "packets");

    public Task InitializeAsync()
    {
        var shard = Directory.CreateDirectory(Path.Combine(_folder.FullName, "checkpoint", "s0"));
        const string Marker = "---\nnum_shards: 1\nnum_internal_shards: 1\ndatetime:\n  secs_since_epoch: 1600000000\n  nanos_since_epoch: 0\n";
        File.WriteAllText(Path.Combine(shard.Parent!.FullName, "embedding_dump_done"), Marker);
        File.WriteAllText(Path.Combine(shard.FullName, "embedding_dump_done"), Marker);
        File.WriteAllBytes(Path.Combine(shard.FullName, "replica_0_shard_0.emb"), WithPrefix(Convert.FromHexString(Emb)));
        File.WriteAllText(Path.Combine(_folder.FullName, "embedding_config.yaml"), "feature_index_prefix_bit: 2\nslots_config:\n  b: {dim: 2, embedding_summation: false, sample_fixed_size: 2}\n  a: {dim: 2}\n");
        File.WriteAllText(Path.Combine(_folder.FullName, "global_config.yaml"), $"PersiaInferConfig:\n  initial_sparse_checkpoint: {shard.Parent.FullName}\nembedding_parameter_server_config:\n  incremental_dir: {Packets}\n");
        var store = Directory.CreateDirectory(Path.Combine(_folder.FullName, "store"));
        using (var archive = ZipFile.Open(Path.Combine(store.FullName, "recommend.mar"), ZipArchiveMode.Create))
        {
            archive.CreateEntryFromFile(Path.Combine(AppContext.BaseDirectory, "TorchServe", "Models", "persia.pt"), "recommend.pth");
            Add(archive, "persia_handler.py", "from persia.ctx import InferCtx\n");
            Add(archive, "MAR-INF/MANIFEST.json", """{"createdOn": "21/11/2026 10:00:00", "runtime": "python", "model": {"modelName": "recommend", "serializedFile": "recommend.pth", "handler": "persia_handler.py", "modelVersion": "1.0"}, "archiverVersion": "0.12.0"}""");
        }

        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Delete(true);
    }

    private async Task<RealServer> StartAsync(params string[] more)
    {
        _server = await RealServer.StartInAsync(_folder, true, [],
            [$"--model-store={_folder.FullName}/store", "--models", "recommend.mar", $"--persia-embedding-config={_folder.FullName}/embedding_config.yaml", $"--persia-global-config={_folder.FullName}/global_config.yaml",
             "--Granary:Embeddings:ScanInterval=00:00:00.05", .. more]);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((await _server.Client.GetAsync("/health/ready", limit.Token)).StatusCode != HttpStatusCode.OK)
            await Task.Delay(20, limit.Token);
        return _server;
    }

    // Both signs get the prefix of slot a, the second group of two bits.
    private static byte[] WithPrefix(byte[] emb)
    {
        foreach (var sign in new ulong[] { 7, 9 })
        {
            var at = emb.AsSpan().IndexOf((ReadOnlySpan<byte>)[2, 0, 0, 0, 0, 0, 0, 0, .. BitConverter.GetBytes(sign)]);
            BitConverter.GetBytes(sign + Prefix).CopyTo(emb, at + 8);
        }

        return emb;
    }

    private static void Add(ZipArchive archive, string name, string text)
    {
        using var writer = new StreamWriter(archive.CreateEntry(name).Open());
        writer.Write(text);
    }

    private static byte[] Batch(BatchDialect dialect) => new PersiaBatchBuilder().AddDense("dense", [2, 1], [1, 2]).AddSparse("a", [[7], [7, 9]]).ToBytes(dialect);

    private static async Task<(int Status, string Body)> PostAsync(RealServer server, byte[] body, string? type = null)
    {
        using var content = new ByteArrayContent(body);
        if (type is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var response = await server.Client.PostAsync("/predictions/recommend", content);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(BatchDialect.V0)]
    [InlineData(BatchDialect.V1)]
    [InlineData(BatchDialect.V2)]
    public async Task Predictions_ABatch_IsDensePlusEmbeddings(BatchDialect dialect)
    {
        var server = await StartAsync();
        // Sample 0: 1 + 0.5 - 0.5. Sample 1: 2 + (0.5 - 0.5) + (1 + 2).
        const string Answer = "[\n  1.0,\n  5.0\n]";
        using var client = new GrpcTestClient(server.Client.BaseAddress!);
        var request = new PredictionsRequest { ModelName = "recommend", Input = { ["batch"] = ByteString.CopyFrom(Batch(dialect)) } };
        using var message = GrpcTestClient.Request("/org.pytorch.serve.grpc.inference.InferenceAPIsService/Predictions", new ByteArrayContent(GrpcTestClient.Frame(request)));
        using var response = await client.SendAsync(message);
        var answer = await GrpcAnswer.ReadAsync(response);
        Assert.True(answer.Status == 0, answer.Message);
        Assert.Equal(Answer, PredictionResponse.Parser.ParseFrom(Assert.Single(answer.Messages())).Prediction.ToStringUtf8());
        Assert.Equal((200, Answer), await PostAsync(server, Batch(dialect)));
        Assert.Equal((200, Answer), await PostAsync(server, Batch(dialect), "application/octet-stream"));
    }

    [Fact]
    public async Task Predictions_Json_IsTheSame()
    {
        var server = await StartAsync("--Granary:Embeddings:Float32Output=true");
        var json = Encoding.UTF8.GetBytes("""{"dense": [[1], [2]], "sparse": [{"name": "a", "ids": [[7], [7, 9]]}]}""");
        Assert.Equal((200, "[\n  1.0,\n  5.0\n]"), await PostAsync(server, json, "application/json"));
        Assert.Equal((200, "[\n  1.0,\n  5.0\n]"), await PostAsync(server, json));
    }

    [Fact]
    public async Task Predictions_WrongBatches_Are400()
    {
        var server = await StartAsync();
        Assert.Equal(400, (await PostAsync(server, [1, 2, 3])).Status);
        var (status, text) = await PostAsync(server, new PersiaBatchBuilder().AddDense(null, [1, 1], [1]).AddSparse("none", [[1]]).ToBytes());
        Assert.Equal(400, status);
        Assert.Contains("'none', which is no slot of embedding_config.yaml", text);
    }

    [Fact]
    public async Task Packet_Arrives_ChangesAnswersAndSurvivesARestart()
    {
        var server = await StartAsync();
        Assert.Equal((200, "[\n  1.0,\n  5.0\n]"), await PostAsync(server, Batch(BatchDialect.V2)));
        // Sign 7 becomes [0.25, 0.75] at 1700000000.
        var packet = Convert.FromHexString("01000000020000000000803e0000403f0200000000000000070000000000000000f1536500000000");
        BitConverter.GetBytes(7 + Prefix).CopyTo(packet, packet.AsSpan().IndexOf((ReadOnlySpan<byte>)[7, 0, 0, 0, 0, 0, 0, 0]));
        var folder = Directory.CreateDirectory(Path.Combine(Packets, "s0", "inc_20231114221320"));
        File.WriteAllBytes(Path.Combine(folder.FullName, "0_0.inc"), packet);
        File.WriteAllBytes(Path.Combine(folder.FullName, "inc_update_done"), []);

        const string Changed = "[\n  2.0,\n  6.0\n]";
        using (var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1)))
        {
            while ((await PostAsync(server, Batch(BatchDialect.V2))).Body != Changed)
                await Task.Delay(20, limit.Token);
        }

        // Rows are seen a moment before they are counted.
        string metrics;
        using (var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1)))
        {
            while (!(metrics = await server.Client.GetStringAsync("/metrics", limit.Token)).Contains("granary_embedding_packets_applied_total 1\n", StringComparison.Ordinal))
                await Task.Delay(20, limit.Token);
        }

        Assert.Contains("granary_embedding_entries 2\n", metrics);
        Assert.Contains("inc_update_delay_sec ", metrics);
        await server.DisposeAsync();

        server = await StartAsync();
        using (var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1)))
        {
            while ((await PostAsync(server, Batch(BatchDialect.V2))).Body != Changed)
                await Task.Delay(20, limit.Token);
        }
    }

    [Fact]
    public async Task Checkpoint_Incomplete_IsToldUntilItIsThere()
    {
        var marker = Path.Combine(_folder.FullName, "checkpoint", "embedding_dump_done");
        var text = File.ReadAllText(marker);
        File.Delete(marker);
        _server = await RealServer.StartInAsync(_folder, true, [], $"--model-store={_folder.FullName}/store", "--models", "recommend.mar",
            $"--persia-embedding-config={_folder.FullName}/embedding_config.yaml", $"--persia-global-config={_folder.FullName}/global_config.yaml");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        string body;
        do
        {
            using var response = await _server.Client.GetAsync("/health/ready", limit.Token);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            body = await response.Content.ReadAsStringAsync(limit.Token);
        }
        while (!body.Contains("embedding_dump_done", StringComparison.Ordinal));
        Assert.DoesNotContain(_folder.FullName, body);
        Assert.Equal(503, (await PostAsync(_server, Batch(BatchDialect.V2))).Status);
        File.WriteAllText(marker, text);
    }
}
