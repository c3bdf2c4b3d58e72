using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Element-wise functions and soft maxima. Source: <c>torch/nn/modules/activation.py</c>, <c>torch/nn/functional.py</c>.</summary>
internal static class Activations
{
    private const string Module = "torch.nn.modules.activation.";

    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        Plain("ReLU", "torch.relu(x)"),
        Plain("Sigmoid", "torch.sigmoid(x)"),
        Plain("Tanh", "torch.tanh(x)"),
        Plain("SiLU", "torch.silu(x)"),
        Plain("Mish", "torch.mish(x)"),
        Plain("Hardswish", "torch.hardswish(x)"),
        Plain("Hardsigmoid", "torch.hardsigmoid(x)"),
        Plain("SELU", "torch.selu(x)"),
        Plain("LogSigmoid", "torch.log_sigmoid(x)"),
        Plain("Softsign", "x / (torch.abs(x) + 1)"),
        Plain("Tanhshrink", "x - torch.tanh(x)"),
        Plain("ReLU6", "torch.hardtanh(x, 0., 6.)"),
        Plain("Hardtanh", "torch.hardtanh(x, self.min_val, self.max_val)", ("min_val", -1), ("max_val", 1)),
        Plain("LeakyReLU", "torch.leaky_relu(x, self.negative_slope)", ("negative_slope", 0.01)),
        Plain("RReLU", "torch.rrelu(x, self.lower, self.upper, False)", ("lower", 1.0 / 8), ("upper", 1.0 / 3)),
        Plain("ELU", "torch.elu(x, self.alpha)", ("alpha", 1)),
        Plain("CELU", "torch.celu(x, self.alpha)", ("alpha", 1)),
        Plain("Softplus", "torch.softplus(x, self.beta, self.threshold)", ("beta", 1), ("threshold", 20)),
        Plain("Hardshrink", "torch.hardshrink(x, self.lambd)", ("lambd", 0.5)),
        Plain("Softshrink", "torch.softshrink(x, self.lambd)", ("lambd", 0.5)),
        Plain("Threshold", "torch.threshold(x, self.threshold, self.value)", ("threshold", null), ("value", null)),
        new NnMapping(static (module, _) => NnParts.Expression(module, "torch.prelu(x, self.weight)", ["weight"]), Module + "PReLU"),
        new NnMapping(static (module, _) => NnParts.Expression(module, $"torch.glu(x, {NnParts.Of(module.Integer("dim", -1))})"), Module + "GLU"),
        new NnMapping(static (module, _) => NnParts.Expression(module, $"torch.gelu(x, approximate={Approximation(module)})"), Module + "GELU"),
        new NnMapping(static (module, _) => NnParts.Expression(module, $"torch.softmax(x, {Dimension(module)})"), Module + "Softmax"),
        new NnMapping(static (module, _) => NnParts.Expression(module, $"torch.softmax(-x, {Dimension(module)})"), Module + "Softmin"),
        new NnMapping(static (module, _) => NnParts.Expression(module, $"torch.log_softmax(x, {Dimension(module)})"), Module + "LogSoftmax"),
        new NnMapping(static (module, _) => NnParts.Expression(module, "torch.softmax(x, -3)"), Module + "Softmax2d"),
    ];

    /// <summary>An expression with float attributes; one without a default must be in the file.</summary>
    private static NnMapping Plain(string name, string expression, params (string Name, double? Default)[] numbers) => new(
        (module, _) => NnParts.Expression(module, expression, numbers.Select(number =>
            new KeyValuePair<string, Value>(number.Name, new DoubleValue(number.Default is { } known ? module.Number(number.Name, known) : module.Number(number.Name)))).ToArray()),
        Module + name);

    private static string Approximation(PickledModule module) => module.Text("approximate", "none") switch
    {
        "none" => "\"none\"",
        "tanh" => "\"tanh\"",
        _ => throw module.Refuse("approximates in a way that is not known"),
    };

    /// <summary>Without a dimension, the one that PyTorch takes with a warning.</summary>
    private static string Dimension(PickledModule module) => module.Attributes.GetValueOrDefault("dim") is null
        ? "(0 if x.dim() == 0 or x.dim() == 1 or x.dim() == 3 else 1)"
        : NnParts.Of(module.Integer("dim"));
}
