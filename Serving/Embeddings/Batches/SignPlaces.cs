using System.Runtime.InteropServices;

namespace Granary.Serving.Embeddings.Batches;

/// <summary>The distinct ids of samples in the order in which they are first met, each with all its places.</summary>
internal sealed class SignPlaces
{
    private readonly List<ulong> _order = [];
    private readonly Dictionary<ulong, List<SignPlace>> _places = [];

    /// <summary>Collects them.</summary>
    /// <param name="samples">At most 65,535, and as many ids in each.</param>
    public SignPlaces(IReadOnlyList<IReadOnlyList<ulong>> samples)
    {
        for (var sample = 0; sample < samples.Count; sample++)
        {
            for (var column = 0; column < samples[sample].Count; column++)
            {
                ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, samples[sample][column], out var known);
                if (!known)
                    _order.Add(samples[sample][column]);
                (list ??= []).Add(new SignPlace((ushort)sample, (ushort)column));
            }
        }
    }

    /// <summary>The ids.</summary>
    public ReadOnlySpan<ulong> Signs => CollectionsMarshal.AsSpan(_order);

    /// <summary>Where an id occurs.</summary>
    public ReadOnlySpan<SignPlace> this[ulong sign] => CollectionsMarshal.AsSpan(_places[sign]);
}
