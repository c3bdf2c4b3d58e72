namespace Granary.Serving.Tests.Support;

/// <summary>
/// Tests that count libtorch's live objects. The counters are those of the whole process, so nothing else runs beside these tests.
/// </summary>
[CollectionDefinition(nameof(LiveObjectTests), DisableParallelization = true)]
public sealed class LiveObjectTests;
