namespace Granary.Serving.Embeddings.Store;

/// <summary>Which signs a server holds: those whose farmhash modulo the number of servers is its index.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Count">Servers; 1 for all signs.</param>
public readonly record struct SignPart(int Index, int Count)
{
    /// <summary>All signs.</summary>
    public static SignPart All { get; } = new(0, 1);

    /// <summary>Whether the server holds a sign.</summary>
    /// <param name="sign">Prefixed.</param>
    public bool Has(ulong sign) => Count <= 1 || FarmHash.Hash64(sign) % (uint)Count == (uint)Index;

    /// <summary>The server of a sign.</summary>
    /// <param name="sign">Prefixed.</param>
    /// <param name="servers">How many there are.</param>
    public static int Of(ulong sign, int servers) => (int)(FarmHash.Hash64(sign) % (uint)servers);
}
