using Granary.Serving.Weights;

namespace Granary.Grains.Silos;

/// <summary>The other silos as a source of weights: who has what is on the board.</summary>
internal sealed class SiloPeers(IGrainFactory grains, SiloBoardWatch board, ILocalSiloDetails self) : IWeightsPeers
{
    private readonly string _self = self.SiloAddress.ToParsableString();

    public bool Has(string sha256) => Holders(sha256).Any();

    public async Task<PeerContent?> OpenAsync(string sha256, long offset, CancellationToken cancellation)
    {
        // Everybody starts somewhere else, so that the first holder does not feed the whole cluster.
        foreach (var silo in Holders(sha256).OrderBy(_ => Random.Shared.Next()))
        {
            var grain = grains.GetGrain<ISiloWeightsGrain>(silo);
            try
            {
                if (await grain.ReadAsync(sha256, offset, SiloWeightsGrain.MaxPiece).WaitAsync(cancellation) is { } first)
                    return new PeerContent(new PeerStream(grain, sha256, offset, first), first.FileLength);
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or ServingException)
            {
                // Gone or going; the next one.
            }
        }

        return null;
    }

    private IEnumerable<string> Holders(string sha256) =>
        board.Silos.Where(silo => silo.Silo != _self && silo.Files.Contains(sha256)).Select(silo => silo.Silo);
}
