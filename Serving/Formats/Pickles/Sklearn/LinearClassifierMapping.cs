using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>Linear classifiers; those with a probability have it as <c>predict_proba</c> and <c>predict_log_proba</c>.</summary>
internal sealed class LinearClassifierMapping : IModuleMapping
{
    private const string Classifier = "sk2torch.linear_model.TorchLinearClassifier";
    private const string Sgd = "sk2torch.linear_model.TorchSGDClassifier";
    private const string Logistic = "sk2torch.linear_model.TorchLogisticRegression";

    private const string Probability = """


        def predict_proba(self, x: Tensor) -> Tensor:
            return self.predict_log_proba(x).exp()
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = [Classifier, Sgd, Logistic];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var state = LinearState.Read(module);
        var classes = state.Fields.Labels("classes", state.Single ? 2 : state.Weights.Shape[0]);
        return new ModuleBlueprint
        {
            Name = state.Fields.Class,
            Parameters = state.Parameters,
            Buffers = [new("classes", classes)],
            Source = Decide(state) + module.ClassName switch
            {
                Sgd => SgdProbability(state),
                Logistic => LogisticProbability(state),
                _ => string.Empty,
            },
        };
    }

    private static string Decide(LinearState state) => $"""
        def decision_function(self, x: Tensor) -> Tensor:
            return {state.Scores}

        def predict(self, x: Tensor) -> Tensor:
            scores = self.decision_function(x)
            return self.classes[{(state.Single ? "(scores > 0).long()" : "scores.argmax(-1)")}]

        def forward(self, x: Tensor) -> Tensor:
            return self.predict(x)
        """;

    /// <summary>scikit-learn called this loss <c>log</c> before 1.1; with any other there is no such method, as sk2torch raises there.</summary>
    private static string SgdProbability(LinearState state) =>
        state.Fields.Text("loss") is "log" or "log_loss" ? OneAgainstRest(state) + Probability : string.Empty;

    private static string LogisticProbability(LinearState state)
    {
        if (state.Fields.OneOf("multi_class", "ovr", "multinomial", "auto") == "ovr")
            return OneAgainstRest(state) + Probability;
        return LogProbability(state.Single ? "torch.log_softmax(torch.stack([-scores, scores], dim=-1), dim=-1)" : "torch.log_softmax(scores, dim=-1)") + Probability;
    }

    private static string OneAgainstRest(LinearState state) =>
        LogProbability(state.Single ? "torch.stack([torch.log_sigmoid(-scores), torch.log_sigmoid(scores)], dim=-1)" : "torch.log_softmax(torch.log_sigmoid(scores), dim=-1)");

    private static string LogProbability(string expression) => $"""


        def predict_log_proba(self, x: Tensor) -> Tensor:
            scores = self.decision_function(x)
            return {expression}
        """;
}
