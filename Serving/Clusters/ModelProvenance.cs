namespace Granary.Serving.Clusters;

/// <summary>What an answer was computed with.</summary>
/// <param name="Sha256">SHA-256 of the loaded file, lower-case hex.</param>
/// <param name="Engine">
/// What decides the last bits: library and version, the instructions and the matrix library that it uses, the device; for
/// people and for comparing, such as <c>libtorch 1.13.1; AVX2; OpenBLAS 0.3.21 …; cpu</c>.
/// </param>
public sealed record ModelProvenance(string Sha256, string Engine);
