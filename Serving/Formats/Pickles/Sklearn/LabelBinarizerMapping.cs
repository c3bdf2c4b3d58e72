using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary><c>LabelBinarizer</c>: one column a class, and back.</summary>
internal sealed class LabelBinarizerMapping : IModuleMapping
{
    private const string Classes = """
        def transform(self, x: Tensor) -> Tensor:
            return (x.unsqueeze(-1) == self.classes).long() * (self.positive - self.negative) + self.negative


        """;

    private const string ClassesInverse = """
        def inverse_transform(self, x: Tensor, threshold: Optional[float] = None) -> Tensor:
            return self.classes[x.argmax(-1)]


        """;

    private const string TwoClasses = """
        def transform(self, x: Tensor) -> Tensor:
            return (x.unsqueeze(-1) == self.classes[1:]).long() * (self.positive - self.negative) + self.negative


        """;

    private const string TwoClassesInverse = """
        def inverse_transform(self, x: Tensor, threshold: Optional[float] = None) -> Tensor:
            return self.classes[(x > (self.threshold if threshold is None else threshold)).long()].view(-1)


        """;

    private const string LabelsInverse = """
        def inverse_transform(self, x: Tensor, threshold: Optional[float] = None) -> Tensor:
            return self.classes[(x > (self.threshold if threshold is None else threshold)).long()]


        """;

    private const string Forward = """
        def forward(self, x: Tensor) -> Tensor:
            return self.transform(x)
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.label_binarizer.TorchLabelBinarizer"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var classes = fields.Labels("classes", SklearnFields.Any);
        var type = fields.OneOf("y_type", "multiclass", "multilabel-indicator", "binary");
        var (negative, positive) = (fields.Integer("neg_label"), fields.Integer("pos_label"));
        if (type != "multiclass" && classes.Shape[0] < 2)
            throw fields.Refuse("classes", $"holds {classes.Shape[0]} class, but '{type}' needs two or more");
        // A positive label of 0 takes the way over the opposite of the negative one, as in scikit-learn.
        var set = positive == 0 ? -negative : positive;
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Buffers = [new("classes", classes)],
            Attributes =
            [
                new("negative", new IntValue(negative)),
                new("positive", new IntValue(positive)),
                new("set", new IntValue(set)),
                new("threshold", new DoubleValue((negative + positive) / 2.0)),
            ],
            Source = type switch
            {
                "multiclass" => Classes + ClassesInverse,
                "binary" => TwoClasses + TwoClassesInverse,
                _ => Labels(negative, positive, set) + LabelsInverse,
            } + Forward,
        };
    }

    /// <summary>scikit-learn gives the cells that are set their new values one after another, in the dtype that they come in.</summary>
    private static string Labels(long negative, long positive, long set) => $"""
        def transform(self, x: Tensor) -> Tensor:
            y = {(set == 1 ? "x.long()" : "torch.where(x != 0, torch.full_like(x, self.set), x).long()")}
            y = {(negative == 0 ? "y" : "torch.where(y == 0, torch.full_like(y, self.negative), y)")}
            return {(positive == 0 ? "torch.where(y == self.set, torch.zeros_like(y), y)" : "y")}


        """;
}
