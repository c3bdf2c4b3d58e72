using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>
/// <c>DummyClassifier</c> with one output. The strategies <c>stratified</c> and <c>uniform</c> draw at random from libtorch's
/// generator at every call, as sk2torch does.
/// </summary>
internal sealed class DummyClassifierMapping : IModuleMapping
{
    private const string MostFrequent = """
        def predict(self, x: Tensor) -> Tensor:
            return self.classes[self.class_prior.argmax()].repeat(x.size(0))


        """;

    private const string SameForAll = """
        def predict_proba(self, x: Tensor) -> Tensor:
            return self.probabilities.unsqueeze(0).repeat(x.size(0), 1)


        """;

    private const string Drawn = """
        def predict(self, x: Tensor) -> Tensor:
            return self.classes[torch.multinomial(self.probabilities, max(x.size(0), 1), replacement=True)[:x.size(0)]]


        """;

    private const string DrawnProbability = """
        def predict_proba(self, x: Tensor) -> Tensor:
            drawn = torch.multinomial(self.probabilities, max(x.size(0), 1), replacement=True)[:x.size(0)]
            return (torch.arange(self.probabilities.size(0), device=drawn.device) == drawn.unsqueeze(1)).to(self.probabilities.dtype)


        """;

    private const string Constant = """
        def predict(self, x: Tensor) -> Tensor:
            return self.constant.view(1).repeat(x.size(0))


        """;

    private const string Rest = """
        def predict_log_proba(self, x: Tensor) -> Tensor:
            return self.predict_proba(x).log()

        def forward(self, x: Tensor) -> Tensor:
            return self.predict(x)
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.dummy.TorchDummyClassifierSingle"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var prior = fields.Floats("class_prior", SklearnFields.Any);
        var classes = fields.Labels("classes", prior.Shape[0]);
        var strategy = fields.OneOf("strategy", "most_frequent", "prior", "stratified", "uniform", "constant");
        List<KeyValuePair<string, Tensor>> buffers = [new("classes", classes)];
        if (strategy == "constant")
            buffers.Add(new("constant", OneElement(fields, "constant")));
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Parameters = [new("class_prior", prior)],
            Buffers = buffers,
            Source = strategy switch
            {
                "prior" => MostFrequent + SameForAll.Replace("self.probabilities", "self.class_prior", StringComparison.Ordinal),
                "most_frequent" => MostFrequent + SameForAll.Replace("self.probabilities", "(self.classes == self.classes[self.class_prior.argmax()]).to(self.class_prior.dtype)", StringComparison.Ordinal),
                "constant" => Constant + SameForAll.Replace("self.probabilities", "(self.classes == self.constant.view(1)).to(self.class_prior.dtype)", StringComparison.Ordinal),
                "uniform" => Drawn.Replace("self.probabilities", "torch.ones_like(self.class_prior)", StringComparison.Ordinal) + SameForAll.Replace("self.probabilities", $"torch.full_like(self.class_prior, 1.0 / {prior.Shape[0]})", StringComparison.Ordinal),
                _ => (Drawn + DrawnProbability).Replace("self.probabilities", "self.class_prior", StringComparison.Ordinal),
            } + Rest,
        };
    }

    /// <summary>A class alone or in a vector of one.</summary>
    private static Tensor OneElement(SklearnFields fields, string name) =>
        fields.Tensor(name).Shape.Length == 0 ? fields.Tensor(name) : fields.Shaped(name, 1);
}

/// <summary><c>DummyClassifier</c> with several outputs; probabilities are a list with one tensor an output.</summary>
internal sealed class DummyClassifiersMapping : IModuleMapping
{
    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.dummy.TorchDummyClassifierMulti"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var outputs = fields.Children("singles");
        var modules = new List<KeyValuePair<string, ModuleBlueprint>>();
        for (var i = 0; i < outputs.Length; i++)
            modules.Add(new($"output_{i}", Methods.Require(mapper.Map(outputs[i]), fields, $"singles.{i}", "predict_log_proba")));
        string Each(string method) => string.Join(", ", Enumerable.Range(0, outputs.Length).Select(i => $"self.output_{i}.{method}(x)"));
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Modules = modules,
            Source = $"""
                def predict(self, x: Tensor) -> Tensor:
                    return torch.stack([{Each("predict")}], dim=1)

                def forward(self, x: Tensor) -> Tensor:
                    return self.predict(x)

                def predict_proba(self, x: Tensor) -> List[Tensor]:
                    return [{Each("predict_proba")}]

                def predict_log_proba(self, x: Tensor) -> List[Tensor]:
                    return [{Each("predict_log_proba")}]
                """,
        };
    }
}

/// <summary><c>DummyRegressor</c>: the same answer to every row.</summary>
internal sealed class DummyRegressorMapping : IModuleMapping
{
    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.dummy.TorchDummyRegressor"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var constant = fields.Shaped("constant", SklearnFields.Any);
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Parameters = [new("constant", constant)],
            Source = $"""
                def predict(self, x: Tensor) -> Tensor:
                    return self.constant.{(constant.Shape[0] == 1 ? "repeat(x.size(0))" : "unsqueeze(0).repeat(x.size(0), 1)")}

                def forward(self, x: Tensor) -> Tensor:
                    return self.predict(x)
                """,
        };
    }
}
