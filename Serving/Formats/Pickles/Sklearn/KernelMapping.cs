using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>A kernel of support vector machines and Nystroem's method: [rows, columns] from [rows, features] and [columns, features].</summary>
internal sealed class KernelMapping : IModuleMapping
{
    public const string ClassName = "sk2torch.kernel.Kernel";

    /// <summary>The squared distance by the binomial formula; rounding must not make it negative.</summary>
    private const string Rbf = """
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            squares = (x * x).sum(-1).unsqueeze(1) + (y * y).sum(-1).unsqueeze(0)
            return (-GAMMA * (squares - 2 * (x @ y.t())).clamp_min(0)).exp()
        """;

    private const string Linear = """
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return x @ y.t()
        """;

    private const string Polynomial = """
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return ((GAMMA * x) @ y.t() + self.coef0) ** self.degree
        """;

    private const string Sigmoid = """
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return ((GAMMA * x) @ y.t() + self.coef0).tanh()
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = [ClassName];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var source = fields.OneOf("metric", "linear", "poly", "polynomial", "rbf", "sigmoid") switch
        {
            "linear" => Linear,
            "rbf" => Rbf,
            "sigmoid" => Sigmoid,
            _ => Polynomial,
        };
        var hasGamma = fields.Flag("has_gamma");
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Attributes =
            [
                new("gamma", Number(fields, "gamma", 0)),
                new("coef0", Number(fields, "coef0", 1)),
                new("degree", Number(fields, "degree", 3)),
            ],
            // Not given: scikit-learn takes one over the number of features.
            Source = source.Replace("GAMMA", hasGamma ? "self.gamma" : "(1.0 / x.size(1))", StringComparison.Ordinal),
        };
    }

    /// <summary>The kernel of a module, with a readable refusal of anything else.</summary>
    public static KeyValuePair<string, ModuleBlueprint> Of(SklearnFields fields, ModuleMapper mapper)
    {
        var kernel = fields.Child("kernel");
        return kernel.ClassName == ClassName ? new("kernel", mapper.Map(kernel)) : throw fields.Refuse("kernel", $"is a {kernel.ClassName}, but must be a {ClassName}");
    }

    private static DoubleValue Number(SklearnFields fields, string name, double otherwise) => new(fields.Flag("has_" + name) ? fields.Number(name) : otherwise);
}
