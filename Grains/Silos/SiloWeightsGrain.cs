using Granary.Grains.Placement;
using Granary.Serving.Weights;

namespace Granary.Grains.Silos;

/// <summary>Reads the weights files of its silo for the others, a piece at a time.</summary>
[OnSiloPlacement]
internal sealed class SiloWeightsGrain(IWeightsFiles files) : Grain, ISiloWeightsGrain
{
    /// <summary>Most bytes of one piece.</summary>
    public const int MaxPiece = 4 << 20;

    public async Task<WeightsPiece?> ReadAsync(string sha256, long offset, int count)
    {
        // The name becomes a path; only what is one of ours may.
        if (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigitLower) || offset < 0)
            throw new ServingException(ServingError.InvalidArgument, "a weights file is named by 64 lower-case hex digits");
        using var lease = files.TryOpen(sha256);
        if (lease is null)
            return null;
        using var handle = File.OpenHandle(lease.Path, options: FileOptions.Asynchronous);
        var bytes = new byte[(int)Math.Min(Math.Clamp(count, 0, MaxPiece), Math.Max(0, lease.Length - offset))];
        var read = 0;
        while (read < bytes.Length)
        {
            var more = await RandomAccess.ReadAsync(handle, bytes.AsMemory(read), offset + read);
            if (more == 0)
                return null;
            read += more;
        }

        return new WeightsPiece { Bytes = bytes, FileLength = lease.Length };
    }
}
