using Granary.Torch;

namespace Granary.Serving.Json;

/// <summary>Reads JSON values straight into pooled tensors; the caller disposes them.</summary>
public static class JsonTensorReader
{
    /// <summary>Reads a scalar or a nested list; the shape follows from the nesting, as <c>torch.tensor</c> does.</summary>
    /// <param name="cursor">Stands before the value; afterwards behind it.</param>
    /// <param name="dtype">Element type; null infers bool, int64 or float32 as <c>torch.tensor</c> does.</param>
    /// <param name="complexPairs">For complex dtypes: innermost lists of two numbers are [real, imaginary].</param>
    public static Tensor ReadNested(ref JsonCursor cursor, DType? dtype, bool complexPairs = false) => throw new NotImplementedException();

    /// <summary>Reads the values of a tensor whose shape is known.</summary>
    /// <param name="cursor">Stands before the value; afterwards behind it.</param>
    /// <param name="dtype">Element type.</param>
    /// <param name="shape">Sizes, outermost first.</param>
    /// <param name="rule">How lists must nest.</param>
    public static Tensor ReadShaped(ref JsonCursor cursor, DType dtype, ReadOnlySpan<long> shape, NestingRule rule) => throw new NotImplementedException();

    /// <summary>Reads a list of sizes such as <c>[1, 3, 32, 32]</c>.</summary>
    public static long[] ReadShape(ref JsonCursor cursor) => throw new NotImplementedException();
}
