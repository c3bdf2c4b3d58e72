using System.Net;
using Granary.Api.Tests.EndToEnd;
using Granary.Serving.Embeddings.Batches;
using Granary.Serving.Embeddings.Store;

namespace Granary.Api.Tests.Persia;

/// <summary>A whole service with a checkpoint, and two more whose rows are in the first: what any of them answers is the same.</summary>
public sealed class ChainTests : IAsyncLifetime
{
    private const string Slots = "feature_index_prefix_bit: 4\nslots_config:\n  sum: {dim: 3, sqrt_scaling: true}\n  raw: {dim: 3, embedding_summation: false, sample_fixed_size: 4}\n  stack: {dim: 3, hash_stack_config: {hash_stack_rounds: 2, embedding_size: 20}}\n";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("granary-persia-chain-");
    private readonly List<RealServer> _servers = [];

    public async Task InitializeAsync()
    {
        var checkpoint = Path.Combine(_folder.FullName, "checkpoint");
        WriteCheckpoint(checkpoint);
        File.WriteAllText(Path.Combine(_folder.FullName, "embedding_config.yaml"), Slots);
        var tables = await StartAsync($"embedding_checkpoint: {checkpoint}");
        // The middle one hands on what the first holds; the last one asks both, each for its part.
        var middle = await StartAsync($"servers: ['{tables.Client.BaseAddress!.Authority}']", "--Granary:Embeddings:ReplicaIndex=1");
        await StartAsync($"servers: ['{tables.Client.BaseAddress!.Authority}', '{middle.Client.BaseAddress!.Authority}']");
    }

    public async Task DisposeAsync()
    {
        foreach (var server in Enumerable.Reverse(_servers))
            await server.DisposeAsync();
        _folder.Delete(true);
    }

    [Fact]
    public async Task Forward_OfAllServices_IsTheSame()
    {
        var random = new Random(3);
        for (var round = 0; round < 20; round++)
        {
            var builder = new PersiaBatchBuilder();
            foreach (var name in new[] { "sum", "raw", "stack" })
                builder.AddSparse(name, [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => Enumerable.Range(0, random.Next(6)).Select(_ => (ulong)random.Next(60)).ToArray())]);
            // Without what is before and behind the features.
            var request = builder.ToBytes()[8..^6];
            var answers = await Task.WhenAll(_servers.Select(server => CallAsync(server, "forward_batched_direct", request)));
            Assert.Contains(SlowDecoder.Decode(answers[0]), static feature => feature.Values.Any(static value => value != Half.Zero));
            Assert.Equal(answers[0], answers[1]);
            Assert.Equal(answers[0], answers[2]);
        }
    }

    private static async Task<byte[]> CallAsync(RealServer server, string function, params byte[] body)
    {
        using var response = await server.Client.PostAsync($"/{function}_web_api", new ByteArrayContent(body));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsByteArrayAsync();
    }

    private async Task<RealServer> StartAsync(string source, params string[] more)
    {
        var global = Path.Combine(_folder.FullName, $"global_config_{_servers.Count}.yaml");
        File.WriteAllText(global, $"common_config:\n  infer_config:\n    {source}\nembedding_parameter_server_config:\n  incremental_dir: ''\n");
        var home = _folder.CreateSubdirectory($"server{_servers.Count}");
        var server = await RealServer.StartInAsync(home, true, [], [$"--persia-embedding-config={_folder.FullName}/embedding_config.yaml", $"--persia-global-config={global}", "--Granary:Embeddings:IncrementalDirectory=", .. more]);
        _servers.Add(server);
        // Asked again and again as Persia's workers do; the answer is the event.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((await CallAsync(server, "ready_for_serving"))[0] == 0)
            await Task.Delay(20, limit.Token);
        return server;
    }

    private static void WriteCheckpoint(string folder)
    {
        const int Each = 50;
        var shard = Directory.CreateDirectory(Path.Combine(folder, "s0"));
        using var stream = File.Create(Path.Combine(shard.FullName, "replica_0_shard_0.emb"));
        using (var writer = PersiaFileWriter.Checkpoint(stream, PersiaFormat.V2, 3 * Each, 200))
        {
            // Signs of each slot, whose prefixes are 1, 2 and 3 in four bits.
            for (var i = 0; i < 3 * Each; i++)
                writer.Add(((ulong)((i / Each) + 1) << 60) + (ulong)(i % Each), [i * 0.25f, i + 1, -i]);
        }

        PersiaFileWriter.WriteMarkers(folder, 1, 1, DateTimeOffset.UnixEpoch);
    }
}
