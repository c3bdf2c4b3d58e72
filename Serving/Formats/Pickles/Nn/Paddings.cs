using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Padding in one to three dimensions. Source: <c>torch/nn/modules/padding.py</c>.</summary>
internal static class Paddings
{
    private const string Module = "torch.nn.modules.padding.";

    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        new NnMapping(static (module, _) => Constant(module, 0), Of("ZeroPad")),
        new NnMapping(static (module, _) => Constant(module, module.Number("value")), Of("ConstantPad")),
        new NnMapping(static (module, _) => NnParts.Expression(module, $"torch.pad(x, {Sides(module)}, mode=\"reflect\")"), Of("ReflectionPad")),
        new NnMapping(static (module, _) => NnParts.Expression(module, $"torch.pad(x, {Sides(module)}, mode=\"replicate\")"), Of("ReplicationPad")),
    ];

    private static string[] Of(string name) => [$"{Module}{name}1d", $"{Module}{name}2d", $"{Module}{name}3d"];

    private static ModuleBlueprint Constant(PickledModule module, double value) => NnParts.Expression(
        module,
        $"torch.constant_pad_nd(x, {Sides(module)}, self.value)",
        new KeyValuePair<string, Value>("value", new DoubleValue(value)));

    // A negative number cuts off.
    private static string Sides(PickledModule module) => NnParts.Of(NnParts.Sizes(module, "padding", 2 * NnParts.Dimensions(module), int.MinValue));
}
