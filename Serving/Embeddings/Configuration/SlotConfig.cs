namespace Granary.Serving.Embeddings.Configuration;

/// <summary>One sparse feature.</summary>
/// <param name="Name">As batches name it.</param>
/// <param name="Dim">Elements of an embedding.</param>
public sealed record SlotConfig(string Name, int Dim)
{
    /// <summary>Ids of a sample that count when they are not summed. Default 10.</summary>
    public int SampleFixedSize { get; init; } = 10;

    /// <summary>Whether the embeddings of a sample are summed; else they stand one by one, with a mask. Default true.</summary>
    public bool Summation { get; init; } = true;

    /// <summary>Whether the result is divided by the square root of the number of ids. Default false.</summary>
    public bool SqrtScaling { get; init; }

    /// <summary>Hashes by which one id becomes several buckets; 0 for none. Default 0.</summary>
    public int HashStackRounds { get; init; }

    /// <summary>Buckets of each round.</summary>
    public ulong HashStackSize { get; init; }

    /// <summary>What is added to ids of the group, in their highest bits; 0 for nothing.</summary>
    public ulong Prefix { get; init; }
}
