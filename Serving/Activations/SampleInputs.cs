using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Activations;

/// <summary>Makes inputs of zeros from a definition, to warm a model before its first request.</summary>
internal static class SampleInputs
{
    private const long MaxBytes = 256L << 20;

    /// <summary>One row of zeros for each argument (-1 becomes 1); null when the definition does not say enough.</summary>
    public static Argument[]? TryCreate(MethodPlan? plan)
    {
        if (plan is null || plan.Specs.Length == 0)
            return null;
        var arguments = new List<Argument>();
        for (var i = 0; i < plan.Specs.Length; i++)
        {
            if (plan.Specs[i] is { } spec && Zeros(spec) is { } tensor)
            {
                arguments.Add(new Argument(plan.Schema.Arguments[i].Name, tensor));
            }
            else if (!plan.Schema.Arguments[i].HasDefault)
            {
                Dispose(arguments);
                return null;
            }
        }

        return arguments.Count == 0 ? null : arguments.ToArray();
    }

    public static void Dispose(IEnumerable<Argument> arguments)
    {
        foreach (var argument in arguments)
            argument.Value.Dispose();
    }

    private static Tensor? Zeros(TensorSpec spec)
    {
        var shape = spec.Shape.Select(size => size < 0 ? 1 : size).ToArray();
        double bytes = spec.DType.ElementSize();
        foreach (var size in shape)
            bytes *= size;
        if (bytes > MaxBytes)
            return null;
        var tensor = Tensor.Rent(spec.DType, shape);
        tensor.Bytes.Clear();
        return tensor;
    }
}
