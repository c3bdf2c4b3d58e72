using System.Text;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary><c>DecisionTreeRegressor</c> and <c>DecisionTreeClassifier</c> with one or more outputs.</summary>
internal sealed class TreeMapping : IModuleMapping
{
    public const string Regressor = "sk2torch.tree.TorchDecisionTreeRegressor";
    public const string Classifier = "sk2torch.tree.TorchDecisionTreeClassifier";

    private const string Values = """
        def raw_values(self, x: Tensor) -> Tensor:
            return self.value.index_select(0, self._leaves(x) - self.branches)

        def decision_path(self, x: Tensor) -> Tensor:
            return self.decision_paths.index_select(0, self._leaves(x) - self.branches)

        def forward(self, x: Tensor) -> Tensor:
            return self.predict(x)


        """;

    public IReadOnlyCollection<string> ClassNames { get; } = [Regressor, Classifier];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var forest = new Forest();
        var value = forest.Add(fields);
        List<KeyValuePair<string, Tensor>> buffers = [.. forest.Buffers];
        var methods = module.ClassName == Regressor ? Predict(value) : Classify(fields, value, buffers);
        buffers.Add(new("decision_paths", fields.Shaped("decision_paths", value.Shape[0], SklearnFields.Any)));
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Parameters = [new("value", value)],
            Buffers = buffers,
            Attributes = [.. forest.Attributes, new("branches", new IntValue(forest.Nodes - value.Shape[0]))],
            Source = Forest.Source + Values + methods,
        };
    }

    private static string Predict(Tensor value)
    {
        var columns = value.Shape[1] * value.Shape[2];
        return $"""
            def predict(self, x: Tensor) -> Tensor:
                return self.raw_values(x).view({(columns == 1 ? "-1" : $"x.size(0), {columns}")})
            """;
    }

    private static string Classify(SklearnFields fields, Tensor value, List<KeyValuePair<string, Tensor>> buffers)
    {
        var outputs = fields.Children("outputs");
        if (outputs.Length != fields.Integer("n_outputs") || outputs.Length > value.Shape[1])
            throw fields.Refuse("outputs", $"has {outputs.Length} members, but 'n_outputs' is {fields.Integer("n_outputs")} and 'value' holds {value.Shape[1]}");
        var source = new StringBuilder();
        for (var i = 0; i < outputs.Length; i++)
        {
            var output = new SklearnFields(outputs[i]);
            var count = output.Integer("n_classes");
            if (count < 1 || count > value.Shape[2])
                throw output.Refuse("n_classes", $"is {count}, but the tree's 'value' holds {value.Shape[2]} classes");
            buffers.Add(new($"classes_{i}", output.Labels("classes", count)));
            source.Append(OfOutput(i, count));
        }

        return source.Append(outputs.Length == 1 ? OneOutput : Outputs(outputs.Length)).ToString();
    }

    /// <summary>A leaf that no training row reached has no counts: its probabilities stay zero.</summary>
    private static string OfOutput(int output, long classes) => $"""
        def _predict_{output}(self, counts: Tensor) -> Tensor:
            return self.classes_{output}.index_select(0, counts[:, {output}, :{classes}].argmax(1))

        def _proba_{output}(self, counts: Tensor) -> Tensor:
            own = counts[:, {output}, :{classes}]
            total = own.sum(1, keepdim=True)
            return own / (total + (total == 0))


        """;

    private const string OneOutput = """
        def predict(self, x: Tensor) -> Tensor:
            return self._predict_0(self.raw_values(x))

        def predict_proba(self, x: Tensor) -> Tensor:
            return self._proba_0(self.raw_values(x))

        def predict_log_proba(self, x: Tensor) -> Tensor:
            return self.predict_proba(x).log()
        """;

    private static string Outputs(int count)
    {
        string Each(string method) => string.Join(", ", Enumerable.Range(0, count).Select(i => $"self.{method}_{i}(counts)"));
        return $"""
            def predict(self, x: Tensor) -> Tensor:
                counts = self.raw_values(x)
                return torch.stack([{Each("_predict")}], dim=-1)

            def predict_proba(self, x: Tensor) -> List[Tensor]:
                counts = self.raw_values(x)
                return [{Each("_proba")}]

            def predict_log_proba(self, x: Tensor) -> List[Tensor]:
                return [proba.log() for proba in self.predict_proba(x)]
            """;
    }
}
