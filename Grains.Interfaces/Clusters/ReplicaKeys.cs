using System.Globalization;

namespace Granary.Grains.Interfaces.Clusters;

/// <summary>Grain keys of model activations: <c>name/version</c> for the first, <c>name/version#n</c> for the others.</summary>
public static class ReplicaKeys
{
    /// <summary>The grain key of one replica.</summary>
    public static string Format(ModelKey key, int replica) =>
        replica == 0 ? key.ToString() : string.Create(CultureInfo.InvariantCulture, $"{key}#{replica}");

    /// <summary>Reads a grain key.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static (ModelKey Key, int Replica) Parse(string grainKey)
    {
        // A version holds no '#', though the path of an ad-hoc model id may.
        var mark = grainKey.IndexOf('#', grainKey.LastIndexOf('/') + 1);
        if (mark < 0)
            return (ModelKey.Parse(grainKey), 0);
        if (!int.TryParse(grainKey.AsSpan(mark + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var replica) || replica == 0)
            throw new ServingException(ServingError.InvalidArgument, $"'{grainKey}' is not the key of a replica; expected name/version#n");
        return (ModelKey.Parse(grainKey[..mark]), replica);
    }
}
