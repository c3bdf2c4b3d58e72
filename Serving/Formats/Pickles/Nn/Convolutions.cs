using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Convolutions and their transposes, in one to three dimensions. Source: <c>torch/nn/modules/conv.py</c>.</summary>
internal static class Convolutions
{
    private const string Module = "torch.nn.modules.conv.";

    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        new NnMapping(static (module, _) => Convolution(module), Module + "Conv1d", Module + "Conv2d", Module + "Conv3d"),
        new NnMapping(static (module, _) => Transposed(module), Module + "ConvTranspose1d", Module + "ConvTranspose2d", Module + "ConvTranspose3d"),
    ];

    private static ModuleBlueprint Convolution(PickledModule module)
    {
        var dimensions = NnParts.Dimensions(module);
        var (input, padding) = module.Text("padding_mode", "zeros") switch
        {
            "zeros" => ("x", Padding(module, dimensions)),
            // The attribute is what torch.nn.functional.pad takes: last dimension first, each side by itself.
            "reflect" => (Padded(module, dimensions, "\"reflect\""), NnParts.Of(new long[dimensions])),
            "replicate" => (Padded(module, dimensions, "\"replicate\""), NnParts.Of(new long[dimensions])),
            "circular" => (Padded(module, dimensions, "\"circular\""), NnParts.Of(new long[dimensions])),
            _ => throw module.Refuse("pads in a way that is not known"),
        };
        return NnParts.Expression(
            module,
            $"torch.conv{dimensions}d({input}, self.weight, {NnParts.Optional(module, "bias")}, {NnParts.Of(NnParts.Sizes(module, "stride", dimensions, 1, 1))}, {padding}, "
            + $"{NnParts.Of(NnParts.Sizes(module, "dilation", dimensions, 1, 1))}, {NnParts.Of(NnParts.AtLeast(module, "groups", 1, 1))})",
            ["weight", "bias"]);
    }

    private static ModuleBlueprint Transposed(PickledModule module)
    {
        var dimensions = NnParts.Dimensions(module);
        if (module.Text("padding_mode", "zeros") != "zeros")
            throw module.Refuse("pads in a way that PyTorch does not know for it");
        return NnParts.Expression(
            module,
            $"torch.conv_transpose{dimensions}d(x, self.weight, {NnParts.Optional(module, "bias")}, {NnParts.Of(NnParts.Sizes(module, "stride", dimensions, 1, 1))}, "
            + $"{NnParts.Of(NnParts.Sizes(module, "padding", dimensions, 0, 0))}, {NnParts.Of(NnParts.Sizes(module, "output_padding", dimensions, 0, 0))}, "
            + $"{NnParts.Of(NnParts.AtLeast(module, "groups", 1, 1))}, {NnParts.Of(NnParts.Sizes(module, "dilation", dimensions, 1, 1))})",
            ["weight", "bias"]);
    }

    private static string Padding(PickledModule module, int dimensions) => module.Attributes.GetValueOrDefault("padding") switch
    {
        "same" => "\"same\"",
        "valid" => "\"valid\"",
        _ => NnParts.Of(NnParts.Sizes(module, "padding", dimensions, 0, 0)),
    };

    private static string Padded(PickledModule module, int dimensions, string mode) =>
        $"torch.pad(x, {NnParts.Of(NnParts.Sizes(module, "_reversed_padding_repeated_twice", 2 * dimensions, 0))}, mode={mode})";
}
