using System.Numerics;
using Granary.Serving.Embeddings;
using Granary.Serving.Embeddings.Configuration;
using Granary.Serving.Embeddings.Store;

namespace Granary.Api.Tests.Persia;

/// <summary>Rows in a dictionary, one by one.</summary>
internal sealed class FakeTables : IEmbeddingTables, IEmbeddingRows
{
    private static readonly BigInteger Modulus = BigInteger.One << 64;

    public bool IsConfigured { get; init; } = true;

    public EmbeddingConfig Config { get; set; } = new([new SlotConfig("a", 2)], 8);

    public IEmbeddingRows Rows => this;

    public bool IsReady => Reason is null;

    public string? Reason { get; set; }

    /// <summary>The rows, by sign.</summary>
    public Dictionary<ulong, float[]> Entries { get; init; } = [];

    /// <summary>How often it was asked.</summary>
    public int Lookups { get; private set; }

    /// <summary>Those of the specification.</summary>
    public static FakeTables OfTheVectors() => new() { Entries = { [7] = [0.5f, -0.5f], [9] = [1, 2] } };

    /// <summary>farmhash64 in numbers that do not overflow.</summary>
    public static ulong Hash(ulong value)
    {
        BigInteger k2 = 0x9ae16a3b2f90404f;
        var mul = k2 + 16;
        var a = (value + k2) % Modulus;
        var c = ((Rotate(value, 37) * mul) + a) % Modulus;
        var d = (Rotate((ulong)a, 25) + value) * mul % Modulus;
        var u = (c ^ d) * mul % Modulus;
        u ^= u >> 47;
        var v = (d ^ u) * mul % Modulus;
        v ^= v >> 47;
        return (ulong)(v * mul % Modulus);
    }

    /// <summary>A row; zeros when there is none of that dimension.</summary>
    public float[] Row(ulong sign, int dim) => Entries.TryGetValue(sign, out var row) && row.Length == dim ? row : new float[dim];

    public ValueTask LookupAsync(ReadOnlyMemory<RowGroup> groups, CancellationToken cancellationToken)
    {
        Lookups++;
        foreach (var group in groups.ToArray())
        {
            for (var i = 0; i < group.Signs.Length; i++)
                Row(group.Signs.Span[i], group.Dim).CopyTo(group.Rows.Span[(i * group.Dim)..]);
        }

        return ValueTask.CompletedTask;
    }

    private static BigInteger Rotate(ulong value, int by) => ((BigInteger)value >> by) | (((BigInteger)value << (64 - by)) % Modulus);
}
