using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>
/// <c>SVC</c> and <c>NuSVC</c>: one classifier for each pair of classes, votes or scores a class from them, and probabilities when
/// it was trained with <c>probability=True</c>. The rows of <c>dual_coef</c> are libsvm's: support vectors of class i hold in row j
/// their coefficient against class j, or j + 1 from i on (https://www.csie.ntu.edu.tw/~cjlin/papers/libsvm.pdf, section 4).
/// </summary>
internal sealed class SvcMapping : IModuleMapping
{
    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.svc.TorchSVC"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var vectors = fields.Floats("support_vectors", SklearnFields.Any, SklearnFields.Any);
        var counts = Counts(fields, vectors.Shape[0]);
        var pairs = ClassPairs.Count(counts.Length);
        var hasProbability = fields.Flag("supports_prob");
        List<KeyValuePair<string, Tensor>> parameters =
        [
            new("support_vectors", vectors),
            new("dual_coef", fields.Floats("dual_coef", counts.Length - 1, vectors.Shape[0])),
            new("intercept", fields.Floats("intercept", pairs)),
        ];
        if (hasProbability)
            parameters.AddRange([new("prob_a", fields.Floats("prob_a", pairs)), new("prob_b", fields.Floats("prob_b", pairs))]);
        List<KeyValuePair<string, Tensor>> buffers = [new("classes", fields.Labels("classes", counts.Length))];
        // Two classes are one pair and need no way from pairs to classes.
        if (counts.Length > 2)
        {
            var ways = new ClassPairs(counts.Length);
            buffers.AddRange(ways.Indices());
            buffers.AddRange(hasProbability ? ways.Matrix(vectors.DType) : []);
        }

        return new ModuleBlueprint
        {
            Name = fields.Class,
            Parameters = parameters,
            Buffers = buffers,
            Modules = [KernelMapping.Of(fields, mapper)],
            Source = SvcSource.Of(counts, fields.Flag("ovr"), fields.Flag("break_ties"), hasProbability),
        };
    }

    /// <summary>How many support vectors each class has.</summary>
    private static long[] Counts(SklearnFields fields, long vectors)
    {
        var counts = fields.Integers("n_support");
        if (counts.Length < 2 || counts.Any(count => count < 0) || counts.Sum() != vectors)
            throw fields.Refuse("n_support", $"is [{string.Join(", ", counts)}], but must tell for two or more classes how the {vectors} support vectors are divided");
        return counts;
    }
}
