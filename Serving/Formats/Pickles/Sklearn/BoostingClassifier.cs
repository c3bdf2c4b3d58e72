namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>What a <c>GradientBoostingClassifier</c> makes of the sum of its trees, by loss and number of classes.</summary>
internal static class BoostingClassifier
{
    private const string Probability = """
        def predict_proba(self, x: Tensor) -> Tensor:
            return self.predict_log_proba(x).exp()


        """;

    /// <summary>The constant is float32's epsilon, by which scikit-learn keeps first guesses away from 0 and 1.</summary>
    private const string FirstGuess = """
        def _guess(self, x: Tensor) -> Tensor:
            return self.init.predict_proba(x).clamp(1.1920929e-07, 1 - 1.1920929e-07)


        """;

    private const string ManyClasses = """
        def decision_function(self, x: Tensor) -> Tensor:
            return self._raw(x)

        def predict_log_proba(self, x: Tensor) -> Tensor:
            return torch.log_softmax(self.decision_function(x), dim=-1)

        def predict(self, x: Tensor) -> Tensor:
            return self.classes[self.predict_proba(x).argmax(-1)]


        """;

    private const string ManyClassesInitial = """
        def _initial(self, x: Tensor) -> Tensor:
            return self._guess(x).log()


        """;

    /// <summary>The methods, <c>_initial</c> among them when the model has a first guess; two classes have one tree a stage.</summary>
    public static string Methods(SklearnFields fields, int width, bool hasInitial)
    {
        // scikit-learn 1.1 renamed deviance to log_loss.
        var exponential = fields.OneOf("loss", "deviance", "log_loss", "exponential") == "exponential";
        if (exponential && width != 1)
            throw fields.Refuse("loss", $"is 'exponential', which knows two classes, but the stages have {width} trees each");
        var methods = Probability + (width == 1 ? TwoClasses(exponential) : ManyClasses);
        if (!hasInitial)
            return methods;
        return methods + FirstGuess + (width == 1 ? TwoClassesInitial(exponential) : ManyClassesInitial);
    }

    private static string TwoClasses(bool exponential)
    {
        var factor = exponential ? "2 * " : string.Empty;
        return $"""
            def decision_function(self, x: Tensor) -> Tensor:
                return self._raw(x).view(-1)

            def predict_log_proba(self, x: Tensor) -> Tensor:
                score = {factor}self.decision_function(x)
                return torch.stack([torch.log_sigmoid(-score), torch.log_sigmoid(score)], dim=-1)

            def predict(self, x: Tensor) -> Tensor:
                return self.classes[{(exponential ? "(self.decision_function(x) >= 0).long()" : "self.predict_proba(x).argmax(-1)")}]


            """;
    }

    private static string TwoClassesInitial(bool exponential) => $"""
        def _initial(self, x: Tensor) -> Tensor:
            positive = self._guess(x)[:, 1:]
            return {(exponential ? "0.5 * " : string.Empty)}(positive / (1 - positive)).log()


        """;
}
