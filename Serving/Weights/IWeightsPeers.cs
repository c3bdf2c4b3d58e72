namespace Granary.Serving.Weights;

/// <summary>Other hosts of the cluster that may have a file, so that one of them downloads it and the others copy it.</summary>
public interface IWeightsPeers
{
    /// <summary>Whether a peer said that it has the file.</summary>
    /// <param name="sha256">Lower-case hex.</param>
    bool Has(string sha256);

    /// <summary>Opens the file at a peer. What comes back is not trusted: the store verifies it.</summary>
    /// <param name="sha256">Lower-case hex.</param>
    /// <param name="offset">First byte wanted.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Null when no peer has it any more.</returns>
    Task<PeerContent?> OpenAsync(string sha256, long offset, CancellationToken cancellation);
}

/// <summary>A file on its way from a peer.</summary>
/// <param name="Content">The bytes from the offset on; throws <see cref="IOException"/> when the peer goes away.</param>
/// <param name="Length">Length of the whole file in bytes.</param>
public sealed record PeerContent(Stream Content, long Length);

/// <summary>A host without peers.</summary>
internal sealed class NoWeightsPeers : IWeightsPeers
{
    public bool Has(string sha256) => false;

    public Task<PeerContent?> OpenAsync(string sha256, long offset, CancellationToken cancellation) => Task.FromResult<PeerContent?>(null);
}
