namespace Granary.Serving.Json;

/// <summary>How the nesting of a JSON list must agree with a given shape.</summary>
public enum NestingRule
{
    /// <summary>Lists nest exactly as the shape says; a bare value for shape <c>[]</c>. (Infernet G1.)</summary>
    Exact,

    /// <summary>One list of as many values as the shape has elements, row-major; a bare value is also taken for shape <c>[]</c>. (Infernet G2.)</summary>
    Flat,

    /// <summary>
    /// Any nesting, ragged or not; values are taken in order and only their number must match. (Open Inference, as Triton reads it.)
    /// </summary>
    AnyDepth,
}
