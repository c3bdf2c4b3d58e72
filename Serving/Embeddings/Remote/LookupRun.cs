namespace Granary.Serving.Embeddings.Remote;

/// <summary>Signs of one dimension that follow each other in a request.</summary>
/// <param name="Start">The first.</param>
/// <param name="Count">How many.</param>
/// <param name="Dim">Elements of a row.</param>
public readonly record struct LookupRun(int Start, int Count, int Dim);
