namespace Granary.Serving.Sources;

/// <summary>A check of content beyond its hash, fed while the content arrives. Used by one download at a time.</summary>
internal interface IContentCheck : IDisposable
{
    /// <summary>Takes the next bytes.</summary>
    void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Begins anew.</summary>
    void Restart();

    /// <summary>What is wrong with the whole content; null when nothing is.</summary>
    /// <param name="sha256">Of the whole content, lower-case hex.</param>
    string? Fault(string sha256);
}
