using Granary.Serving.Embeddings.Store;

namespace Granary.Serving.Tests.Embeddings.Store;

/// <summary>Files of an independent encoder, written from the rules: 7 is [0.5, -0.5] and 9 is [1, 2]; in packets 7 is [0.25, 0.75].</summary>
internal static class PersiaFiles
{
    public const string Emb = "02000000000000000100000002000000030000000300000003000000020000000000000001020000000000003f000000bf02000000000000000700000000000000000000000100000001020000000000803f0000004002000000000000000900000000000000000000000000000000";
    public const string EmbV0 = "00000000020000000700000000000000020000000000003f000000bf02000000000000000900000000000000020000000000803f000000400200000000000000";
    public const string Inc = "01000000020000000000803e0000403f0200000000000000070000000000000000f1536500000000";
    public const string IncV0 = "01000000010000000700000000000000020000000000803e0000403f00f1536500000000";
    public const long IncSeconds = 1_700_000_000;

    /// <summary>Writes a checkpoint of entries, spread over servers by farmhash and over files by order.</summary>
    public static void WriteCheckpoint(string directory, PersiaFormat format, int shards, int files, DateTimeOffset? written, IReadOnlyList<(ulong Sign, float[] Row)> entries)
    {
        for (var shard = 0; shard < shards; shard++)
        {
            Directory.CreateDirectory(Path.Combine(directory, $"s{shard}"));
            var own = entries.Where(entry => SignPart.Of(entry.Sign, shards) == shard).ToList();
            for (var file = 0; file < files; file++)
            {
                var part = own.Where((_, i) => i % files == file).ToList();
                using var stream = File.Create(Path.Combine(directory, $"s{shard}", format == PersiaFormat.V2 ? $"replica_{shard}_shard_{file}.emb" : $"2021-09-01_{shard}_{file}.emb"));
                using var writer = PersiaFileWriter.Checkpoint(stream, format, part.Count, part.Count + 3);
                foreach (var (sign, row) in part)
                    writer.Add(sign, row, [7, 7]);
            }
        }

        PersiaFileWriter.WriteMarkers(directory, shards, files, written);
    }

    public static void WritePacket(string path, long seconds, params (ulong Sign, float[] Row)[] entries)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var stream = File.Create(path);
        using var writer = PersiaFileWriter.Packet(stream, PersiaFormat.V2, entries.Length, (ulong)seconds);
        foreach (var (sign, row) in entries)
            writer.Add(sign, row, [7]);
    }

    public static float[] Rows(EmbeddingStore store, int dim, params ulong[] signs)
    {
        var rows = Enumerable.Repeat(float.NaN, signs.Length * dim).ToArray();
        store.Lookup(signs, dim, rows);
        return rows;
    }
}
