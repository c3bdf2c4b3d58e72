using System.Text;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary><c>StackingRegressor</c> and <c>StackingClassifier</c>: the answers of several models are the input of a last one.</summary>
internal sealed class StackingMapping : IModuleMapping
{
    private const string Regressor = "sk2torch.stacking.TorchStackingRegressor";

    private const string ClassifierMethods = """


        def predict(self, x: Tensor) -> Tensor:
            return self.classes[self.final_estimator.predict(self.transform(x))]

        def forward(self, x: Tensor) -> Tensor:
            return self.predict(x)
        """;

    private const string RegressorMethods = """


        def predict(self, x: Tensor) -> Tensor:
            return self.final_estimator.predict(self.transform(x))

        def forward(self, x: Tensor) -> Tensor:
            return self.predict(x)
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = [Regressor, "sk2torch.stacking.TorchStackingClassifier"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var isRegressor = module.ClassName == Regressor;
        var estimators = fields.Children("estimators");
        var methods = isRegressor ? [.. estimators.Select(_ => "predict")] : fields.Texts("stack_methods");
        if (methods.Length != estimators.Length)
            throw fields.Refuse("stack_methods", $"has {methods.Length} members, but there are {estimators.Length} estimators");
        List<KeyValuePair<string, ModuleBlueprint>> modules = [new("final_estimator", Methods.Require(mapper.Map(fields.Child("final_estimator")), fields, "final_estimator", "predict"))];
        var transform = new StringBuilder("def transform(self, x: Tensor) -> Tensor:\n    outputs: List[Tensor] = []\n");
        for (var i = 0; i < estimators.Length; i++)
        {
            modules.Add(new($"estimator_{i}", Methods.Require(mapper.Map(estimators[i]), fields, $"estimators.{i}", methods[i])));
            transform.Append(Output(fields, i, methods[i]));
        }

        if (fields.Flag("passthrough"))
            transform.Append("    outputs.append(x.flatten(1))\n");
        transform.Append("    return torch.cat(outputs, dim=-1)");
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Modules = modules,
            Buffers = isRegressor ? [] : [new("classes", fields.Labels("classes", SklearnFields.Any))],
            Source = transform + (isRegressor ? RegressorMethods : ClassifierMethods + Delegation.Source(modules[0].Value, "final_estimator", "self.transform(x)", "predict_proba", "decision_function")),
        };
    }

    /// <summary>The columns of one estimator; of the probabilities of two classes the second says all.</summary>
    private static string Output(SklearnFields fields, int index, string method) => method switch
    {
        "predict" => $"""
                outputs.append(self.estimator_{index}.predict(x).view(-1, 1))

            """,
        "predict_proba" => $"""
                proba_{index} = self.estimator_{index}.predict_proba(x)
                outputs.append(proba_{index}[:, 1:] if proba_{index}.size(1) == 2 else proba_{index})

            """,
        "decision_function" => $"""
                scores_{index} = self.estimator_{index}.decision_function(x)
                outputs.append(scores_{index}.unsqueeze(1) if scores_{index}.dim() == 1 else scores_{index})

            """,
        _ => throw fields.Refuse("stack_methods", $"holds '{method}'; known are predict, predict_proba, decision_function"),
    };
}
