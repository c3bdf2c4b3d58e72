using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Granary.Serving.Json;

/// <summary>Says where the nesting of a list goes wrong.</summary>
internal static class TensorErrors
{
    /// <summary>A list has the wrong number of items.</summary>
    /// <param name="path">The list's index in each of the lists around it.</param>
    /// <param name="position">Where it ends, in bytes.</param>
    /// <param name="expected">How many items it should have.</param>
    /// <param name="got">How many it has.</param>
    /// <param name="shape">The given shape; null when the lists before it set the size.</param>
    [DoesNotReturn]
    public static void ThrowSize(ReadOnlySpan<long> path, int position, long expected, long got, string? shape) =>
        JsonErrors.ThrowUnexpected(position, shape is null
            ? $"ragged list: {Name(path)} has {got} items where the ones before it have {expected}"
            : $"{Name(path)} has {got} items where shape {shape} needs {expected}");

    /// <summary>A value stands where a list should, or the other way round.</summary>
    [DoesNotReturn]
    public static void ThrowNesting(ReadOnlySpan<long> path, int position, bool expectedList, int rank, string? shape) =>
        JsonErrors.ThrowUnexpected(
            position,
            $"{(shape is null ? "ragged list: " : string.Empty)}expected a {(expectedList ? "list, found a value" : "value, found a list")} in {Name(path)}: "
            + (shape is null ? $"values before it stand {rank} lists deep" : $"shape {shape} needs lists nested {rank} deep"));

    /// <summary>The wrong number of values altogether.</summary>
    [DoesNotReturn]
    public static void ThrowCount(int position, long expected, long got, string? shape) =>
        JsonErrors.ThrowUnexpected(position, $"got {got} values where shape {shape} needs {expected}");

    private static string Name(ReadOnlySpan<long> path)
    {
        if (path.IsEmpty)
            return "the outermost list";
        var name = new StringBuilder("the list at ");
        foreach (var index in path)
            name.Append('[').Append(index).Append(']');
        return name.ToString();
    }
}
