namespace Granary.Serving.Json;

/// <summary>What <see cref="NestedReader{T, TElement}"/> is to expect.</summary>
/// <param name="Rank">How deep lists nest; -1 when the first value decides.</param>
/// <param name="ChecksShape">Whether lists must have the sizes given or set by the first of their level.</param>
/// <param name="ListsAreValues">Whether a list below the last level is a value (a complex pair).</param>
/// <param name="ExpectedElements">How many elements there should be; <see cref="long.MaxValue"/> when nobody knows.</param>
/// <param name="BytesPerElement">How much text an element takes at least, or on average when their number is unknown.</param>
/// <param name="ShapeText">The given shape for messages; null when none was given.</param>
internal readonly record struct NestingPlan(
    int Rank, bool ChecksShape, bool ListsAreValues, long ExpectedElements, int BytesPerElement, string? ShapeText);
