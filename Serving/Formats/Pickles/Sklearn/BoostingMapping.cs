using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>
/// <c>GradientBoostingRegressor</c> and <c>GradientBoostingClassifier</c>. All trees of all stages are one <see cref="Forest"/>;
/// a running sum adds the stages one after another, as scikit-learn does, so that no bit differs.
/// </summary>
internal sealed class BoostingMapping : IModuleMapping
{
    private const string Regressor = "sk2torch.gradient_boosting.TorchGradientBoostingRegressor";
    private const string Classifier = "sk2torch.gradient_boosting.TorchGradientBoostingClassifier";

    private const string Raw = """
        def _raw(self, x: Tensor) -> Tensor:
            steps = self.value.index_select(0, self._leaves(x)).view(x.size(0), self.stages, self.width) * self.learning_rate
            return torch.cat([self._initial(x).unsqueeze(1), steps], dim=1).cumsum(1)[:, self.stages]

        def forward(self, x: Tensor) -> Tensor:
            return self.predict(x)


        """;

    private const string ZeroInitial = """
        def _initial(self, x: Tensor) -> Tensor:
            return self.zero_out.unsqueeze(0).repeat(x.size(0), 1)


        """;

    public IReadOnlyCollection<string> ClassNames { get; } = [Regressor, Classifier];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var stages = Stages(fields);
        var width = stages[0].Length;
        var forest = new Forest();
        var values = new List<double>();
        foreach (var tree in stages.SelectMany(trees => trees))
            AddTree(forest, values, new SklearnFields(tree));
        var isRegressor = module.ClassName == Regressor;
        var hasInitial = fields.Flag("has_init");
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Parameters = [new("value", Tensor.From<double>(DType.Float64, [values.Count], values.ToArray()))],
            Buffers = Buffers(fields, forest, width, hasInitial, isRegressor),
            Attributes = [.. forest.Attributes, new("stages", new IntValue(stages.Length)), new("width", new IntValue(width)), new("learning_rate", new DoubleValue(fields.Number("learning_rate")))],
            Modules = hasInitial ? [new("init", Methods.Require(mapper.Map(fields.Child("init")), fields, "init", isRegressor ? "predict" : "predict_proba"))] : [],
            Source = Forest.Source + Raw + (isRegressor ? RegressorMethods(width, hasInitial) : BoostingClassifier.Methods(fields, width, hasInitial)) + (hasInitial ? string.Empty : ZeroInitial),
        };
    }

    private static List<KeyValuePair<string, Tensor>> Buffers(SklearnFields fields, Forest forest, int width, bool hasInitial, bool isRegressor)
    {
        List<KeyValuePair<string, Tensor>> buffers = [.. forest.Buffers];
        if (!hasInitial)
            buffers.Add(new("zero_out", fields.Floats("zero_out", width)));
        if (!isRegressor)
            buffers.Add(new("classes", fields.Labels("classes", width == 1 ? 2 : width)));
        return buffers;
    }

    private static PickledModule[][] Stages(SklearnFields fields)
    {
        var stages = fields.Children("stages");
        var trees = new PickledModule[stages.Length][];
        for (var i = 0; i < stages.Length; i++)
        {
            var stage = new SklearnFields(stages[i]);
            trees[i] = stage.Children("trees");
            if (trees[i].Length != trees[0].Length)
                throw stage.Refuse("trees", $"has {trees[i].Length} members, but the first stage has {trees[0].Length}");
        }

        return trees;
    }

    private static void AddTree(Forest forest, List<double> values, SklearnFields tree)
    {
        if (tree.Class != "TorchDecisionTreeRegressor")
            throw tree.Refuse("value", "cannot be added up: a stage of gradient boosting must hold TorchDecisionTreeRegressor modules");
        var value = forest.Add(tree);
        if (value.DType != DType.Float64 || value.Shape[1] != 1 || value.Shape[2] != 1)
            throw tree.Refuse("value", $"is a {value.DType.TorchName()} tensor of shape {SklearnFields.Print(value.Shape)}, but within gradient boosting it must be float64 [*, 1, 1]");
        // One value a node; nobody ends at a branch.
        values.AddRange(new double[forest.Nodes - values.Count - (int)value.Shape[0]]);
        values.AddRange(value.As<double>());
    }

    private static string RegressorMethods(int width, bool hasInitial) => $"""
        def predict(self, x: Tensor) -> Tensor:
            return self._raw(x){(width == 1 ? ".view(-1)" : string.Empty)}


        """ + (hasInitial ? $"""
        def _initial(self, x: Tensor) -> Tensor:
            return self.init.predict(x).view(x.size(0), {width})


        """ : string.Empty);
}
