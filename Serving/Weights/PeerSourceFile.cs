using Granary.Serving.Sources;

namespace Granary.Serving.Weights;

/// <summary>A file whose hash is known: peers are asked for it first, its origin when none of them can give it.</summary>
internal sealed class PeerSourceFile(string sha256, IWeightsPeers peers, RemoteSourceFile? origin) : RemoteSourceFile
{
    /// <summary>The file with peers before its origin; null when no peer has it or its hash is unknown.</summary>
    public static RemoteSourceFile? TryWrap(RemoteSourceFile origin, string? sha256, IWeightsPeers peers) =>
        (origin.Sha256 ?? sha256) is { } known && peers.Has(known)
            ? new PeerSourceFile(known, peers, origin) { Sha256 = origin.Sha256, GitBlobSha1 = origin.GitBlobSha1, ETag = origin.ETag, Length = origin.Length, Revision = origin.Revision }
            : null;

    public override IReadOnlyList<string> Verified(bool wholeContent) => origin?.Verified(wholeContent) ?? base.Verified(wholeContent);

    public override IContentCheck? CreateCheck() => origin?.CreateCheck();

    public override async Task<SourceStream> OpenAsync(long offset, string? validator, CancellationToken cancellation)
    {
        // Content that is named by its hash needs no validator: wherever the first bytes came from, the whole is verified.
        if (await peers.OpenAsync(sha256, offset, cancellation).ConfigureAwait(false) is { } peer)
            return new SourceStream(peer.Content, offset, peer.Length, validator, peer.Content);
        return origin is not null
            ? await origin.OpenAsync(offset, validator, cancellation).ConfigureAwait(false)
            : throw new ServingException(ServingError.SourceFailed, $"no silo has the file with SHA-256 {sha256} any more");
    }
}
