namespace Granary.Serving.Weights;

/// <summary>The verified files of this host by content, for its peers.</summary>
public interface IWeightsFiles
{
    /// <summary>SHA-256 of every file, lower-case hex.</summary>
    IReadOnlyList<string> List();

    /// <summary>Takes a file into use; null when it is not here.</summary>
    WeightsLease? TryOpen(string sha256);
}
