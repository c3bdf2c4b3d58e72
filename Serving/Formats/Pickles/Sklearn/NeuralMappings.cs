using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>The layers of <c>MLPClassifier</c> and <c>MLPRegressor</c>; classifiers give logarithms of probabilities.</summary>
internal sealed class WrappedMlpMapping : IModuleMapping
{
    public const string ClassName = "sk2torch.nn._WrappedMLP";

    private const string Head = """
        def forward(self, x: Tensor, include_negative: bool = False) -> Tensor:
            y = self.layers.forward(x.to(self.dtype))

        """;

    /// <summary>With one output its opposite can be asked for, so that two classes have two columns.</summary>
    private const string Logistic = """
            if include_negative and y.size(1) == 1:
                y = torch.cat([-y, y], dim=-1)
            return torch.log_sigmoid(y)
        """;

    private const string Softmax = """
            return torch.log_softmax(y, dim=-1)
        """;

    private const string Identity = """
            return y
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = [ClassName];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var layers = fields.Child("layers");
        var output = fields.OneOf("out_act", "identity", "softmax", "logistic") switch
        {
            "logistic" => Logistic,
            "softmax" => Softmax,
            _ => Identity,
        };
        return new ModuleBlueprint
        {
            Name = fields.Class,
            Attributes = [new("dtype", new IntValue((byte)WeightType(fields, layers)))],
            Modules = [new("layers", Methods.Require(mapper.Map(layers), fields, "layers", "forward"))],
            Source = Head + output,
        };
    }

    /// <summary>The network of a classifier or regressor, with a readable refusal of anything else.</summary>
    public static KeyValuePair<string, ModuleBlueprint> Of(SklearnFields fields, ModuleMapper mapper)
    {
        var network = fields.Child("module");
        return network.ClassName == ClassName ? new("module", mapper.Map(network)) : throw fields.Refuse("module", $"is a {network.ClassName}, but must be a {ClassName}");
    }

    private static DType WeightType(SklearnFields fields, PickledModule layers)
    {
        foreach (var (_, layer) in layers.Modules)
        {
            if (layer is not null && layer.Parameters.TryGetValue("weight", out var weight) && weight is not null)
                return weight.DType;
        }

        throw fields.Refuse("layers", "holds no Linear layer");
    }
}

/// <summary><c>MLPClassifier</c> with classes or with labels that may hold together.</summary>
internal sealed class MlpClassifierMapping : IModuleMapping
{
    private const string Source = """
        def predict(self, x: Tensor) -> Tensor:
            return self.label_binarizer.inverse_transform(self.module.forward(x).exp())

        def forward(self, x: Tensor) -> Tensor:
            return self.predict(x)

        def predict_log_proba(self, x: Tensor) -> Tensor:
            return self.module.forward(x, True)

        def predict_proba(self, x: Tensor) -> Tensor:
            return self.predict_log_proba(x).exp()
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.nn.TorchMLPClassifier"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        var binarizer = Methods.Require(mapper.Map(fields.Child("label_binarizer")), fields, "label_binarizer", "inverse_transform");
        return new ModuleBlueprint { Name = fields.Class, Modules = [WrappedMlpMapping.Of(fields, mapper), new("label_binarizer", binarizer)], Source = Source };
    }
}

/// <summary><c>MLPRegressor</c>.</summary>
internal sealed class MlpRegressorMapping : IModuleMapping
{
    private const string Source = """
        def predict(self, x: Tensor) -> Tensor:
            y = self.module.forward(x)
            return y.view(-1) if y.size(1) == 1 else y

        def forward(self, x: Tensor) -> Tensor:
            return self.predict(x)
        """;

    public IReadOnlyCollection<string> ClassNames { get; } = ["sk2torch.nn.TorchMLPRegressor"];

    public ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        var fields = new SklearnFields(module);
        return new ModuleBlueprint { Name = fields.Class, Modules = [WrappedMlpMapping.Of(fields, mapper)], Source = Source };
    }
}
