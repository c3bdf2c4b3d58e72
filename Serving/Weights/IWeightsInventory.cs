namespace Granary.Serving.Weights;

/// <summary>What the store of this host holds, for people who look.</summary>
public interface IWeightsInventory
{
    /// <summary>Every model id whose file is stored, in the order of the ids. Reads the disk.</summary>
    IReadOnlyList<StoredWeights> Contents();
}

/// <summary>A stored file.</summary>
/// <param name="Id">The model id it was fetched for.</param>
/// <param name="Sha256">Lower-case hex.</param>
/// <param name="LengthBytes">Length in bytes.</param>
/// <param name="Revision">What the source calls this state: a commit, a transaction id; null when it has no such thing.</param>
/// <param name="Verified">The checks that it passed before it was stored.</param>
public sealed record StoredWeights(string Id, string Sha256, long LengthBytes, string? Revision, IReadOnlyList<string> Verified);
