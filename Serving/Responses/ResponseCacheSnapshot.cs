namespace Granary.Serving.Responses;

/// <summary>What the response cache of a host holds, at one moment.</summary>
/// <param name="Entries">Answers that are kept.</param>
/// <param name="Bytes">Memory that they take.</param>
/// <param name="MaxBytes">Memory that they may take.</param>
/// <param name="Evictions">Answers given up to make room since the process started.</param>
public sealed record ResponseCacheSnapshot(int Entries, long Bytes, long MaxBytes, long Evictions);
