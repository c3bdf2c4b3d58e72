namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Linear layers, shapes, and layers that do nothing outside training.</summary>
internal static class Layers
{
    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        new NnMapping(
            static (module, _) => NnParts.Expression(module, $"torch.linear(x, self.weight, {NnParts.Optional(module, "bias")})", ["weight", "bias"]),
            "torch.nn.modules.linear.Linear", "torch.nn.modules.linear.NonDynamicallyQuantizableLinear", "torch.nn.modules.linear._LinearWithBias"),
        new NnMapping(
            static (module, _) => NnParts.Expression(module, "x"),
            "torch.nn.modules.linear.Identity", "torch.nn.modules.dropout.Dropout", "torch.nn.modules.dropout.Dropout1d", "torch.nn.modules.dropout.Dropout2d",
            "torch.nn.modules.dropout.Dropout3d", "torch.nn.modules.dropout.AlphaDropout", "torch.nn.modules.dropout.FeatureAlphaDropout"),
        new NnMapping(
            static (module, _) => NnParts.Expression(module, $"torch.flatten(x, {NnParts.Of(module.Integer("start_dim", 1))}, {NnParts.Of(module.Integer("end_dim", -1))})"),
            "torch.nn.modules.flatten.Flatten"),
        new NnMapping(
            static (module, _) => NnParts.Expression(module, $"torch.unflatten(x, {NnParts.Of(module.Integer("dim"))}, {NnParts.Of(module.Integers("unflattened_size"))})"),
            "torch.nn.modules.flatten.Unflatten"),
        new NnMapping(
            static (module, _) => NnParts.Expression(module, $"torch.pixel_shuffle(x, {NnParts.Of(NnParts.AtLeast(module, "upscale_factor", 1))})"),
            "torch.nn.modules.pixelshuffle.PixelShuffle"),
    ];
}
