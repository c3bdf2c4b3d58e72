using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Store;

namespace Granary.Bench.Embeddings;

/// <summary>A checkpoint like the seed's: 26 features with ids from 0 on, 2 servers, 16 files each. Made once.</summary>
internal static class CheckpointMaker
{
    public const int Features = 26;
    private const int Shards = 2;
    private const int Files = 16;

    public static EmbeddingConfig Config(int dim)
    {
        var yaml = "slots_config:\n" + string.Concat(Enumerable.Range(1, Features).Select(i => $"  feature{i}:\n    dim: {dim}\n"));
        return EmbeddingConfig.Parse(yaml, "embedding_config.yaml", []);
    }

    public static void Make(string directory, long rows, int dim)
    {
        if (File.Exists(Path.Combine(directory, SparseCheckpoint.Marker)))
            return;
        var config = Config(dim);
        for (var shard = 0; shard < Shards; shard++)
            Directory.CreateDirectory(Path.Combine(directory, $"s{shard}"));
        var ids = rows / Features;
        var counts = new long[Shards * Files];
        for (var pass = 0; pass < 2; pass++)
        {
            var streams = pass == 0 ? [] : Enumerable.Range(0, counts.Length).Select(i => new FileStream(Path.Combine(directory, $"s{i / Files}", $"replica_{i / Files}_shard_{i % Files}.emb"), FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20)).ToArray();
            var writers = streams.Select((stream, i) => PersiaFileWriter.Checkpoint(stream, PersiaFormat.V2, counts[i], counts[i] + 1)).ToArray();
            var row = new float[dim];
            foreach (var slot in config.Slots)
            {
                for (var id = 0L; id < ids; id++)
                {
                    var sign = ((ulong)id % config.Spacing) + slot.Prefix;
                    var file = (SignPart.Of(sign, Shards) * Files) + (int)(id % Files);
                    if (pass == 0)
                    {
                        counts[file]++;
                        continue;
                    }

                    row[0] = id;
                    writers[file].Add(sign, row);
                }
            }

            foreach (var writer in writers)
                writer.Dispose();
            foreach (var stream in streams)
                stream.Dispose();
        }

        PersiaFileWriter.WriteMarkers(directory, Shards, Files, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
    }
}
