using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>What every linear model holds. With a single output scores have one dimension.</summary>
internal sealed record LinearState(SklearnFields Fields, Tensor Weights, Tensor Biases, bool Single)
{
    public KeyValuePair<string, Tensor>[] Parameters => [new("weights", Weights), new("biases", Biases)];

    /// <summary>The expression of the scores of <c>x</c>, [rows] or [rows, outputs].</summary>
    public string Scores => "(x.to(self.weights.dtype) @ self.weights.t() + self.biases)" + (Single ? ".view(-1)" : string.Empty);

    public static LinearState Read(PickledModule module)
    {
        var fields = new SklearnFields(module);
        var weights = fields.Floats("weights", SklearnFields.Any, SklearnFields.Any);
        var outputs = weights.Shape[0];
        if (outputs == 0)
            throw fields.Refuse("weights", "has no rows");
        // A model without an intercept has the scalar 0.
        var biases = fields.Tensor("biases").Shape.Length == 0 ? fields.Floats("biases") : fields.Floats("biases", outputs);
        return new LinearState(fields, weights, biases, outputs == 1);
    }
}
