using System.Security.Cryptography;

namespace Granary.Serving.Sources.Arweave;

/// <summary>One chunk of a transaction's data, proven by its own path to the data root.</summary>
/// <param name="Begin">Its first byte in the data.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record ProvenChunk(long Begin, byte[] Content);

/// <summary>Fetches chunks of a transaction from one gateway and proves each.</summary>
internal sealed class ChunkReader
{
    private readonly Gateway _gateway;
    private readonly ChunkedLocation _location;
    private readonly long _first;

    private ChunkReader(Gateway gateway, ChunkedLocation location, long first) => (_gateway, _location, _first) = (gateway, location, first);

    /// <summary>Asks where the data is.</summary>
    public static async Task<ChunkReader> OpenAsync(Gateway gateway, ChunkedLocation location, CancellationToken cancellation)
    {
        if (location.DataRoot.Length == 0)
            throw new GatewayException(GatewayFault.Absent, $"{location.Transaction} has no data_root to prove chunks by");
        var (size, end) = await gateway.OffsetAsync(location.Transaction, cancellation).ConfigureAwait(false);
        if (size != location.Size)
            throw GatewayException.Failed("data_size", $"says that {location.Transaction} has {size:N0} bytes where {location.Size:N0} were signed");
        return new ChunkReader(gateway, location, end - size + 1);
    }

    /// <summary>The chunk that holds a byte of the data.</summary>
    public async Task<ProvenChunk> ReadAsync(long position, CancellationToken cancellation)
    {
        var (chunk, path) = await _gateway.ChunkAsync(_first + position, cancellation).ConfigureAwait(false);
        if (MerkleTree.Prove(_location.DataRoot, _location.Size, position, path) is not { } proven)
            throw GatewayException.Failed("data_path", $"the proof of the chunk at byte {position:N0} of {_location.Transaction} does not lead to its data_root");
        if (chunk.Length != proven.End - proven.Begin || !SHA256.HashData(chunk).AsSpan().SequenceEqual(proven.DataHash))
            throw GatewayException.Failed("chunk", $"the chunk at byte {position:N0} of {_location.Transaction} is not the one that was signed");
        return new ProvenChunk(proven.Begin, chunk);
    }
}
