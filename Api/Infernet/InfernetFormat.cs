namespace Granary.Api.Infernet;

/// <summary>The three generations of the Infernet torch service differ in how a tensor is written; the answer follows the question.</summary>
internal enum InfernetFormat
{
    /// <summary>0.1: <c>{"dtype":"double","values":[[…]]}</c>, answered by <c>{"data":[[…]]}</c>.</summary>
    Values,

    /// <summary>1.0: a dtype name, a shape and nested values.</summary>
    Vector,

    /// <summary>2.0 ("RitualVector"): a dtype number, a shape and flat values.</summary>
    RitualVector,
}
