using Granary.Grains.Interfaces.Contracts;
using Orleans.Concurrency;

namespace Granary.Grains.Interfaces;

/// <summary>The weights files of one silo, for its peers; the key is the silo's address and the grain lives on that silo only.</summary>
[Alias("granary.ISiloWeightsGrain")]
public interface ISiloWeightsGrain : IGrainWithStringKey
{
    /// <summary>A piece of a file.</summary>
    /// <param name="sha256">Lower-case hex.</param>
    /// <param name="offset">In bytes.</param>
    /// <param name="count">Most bytes to return.</param>
    /// <returns>Null when the silo does not have the file any more; an empty piece at its end.</returns>
    [AlwaysInterleave]
    [Alias("Read")]
    Task<WeightsPiece?> ReadAsync(string sha256, long offset, int count);
}
