using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Pooling in one to three dimensions. Source: <c>torch/nn/modules/pooling.py</c>.</summary>
internal static class Poolings
{
    private const string Module = "torch.nn.modules.pooling.";

    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        new NnMapping(static (module, _) => Max(module), Of("MaxPool")),
        new NnMapping(static (module, _) => Average(module), Of("AvgPool")),
        new NnMapping(static (module, _) => AdaptiveMax(module), Of("AdaptiveMaxPool")),
        new NnMapping(
            static (module, _) => NnParts.Expression(module, $"torch.adaptive_avg_pool{NnParts.Dimensions(module)}d(x, {OutputSize(module)})"),
            Of("AdaptiveAvgPool")),
    ];

    private static string[] Of(string name) => [$"{Module}{name}1d", $"{Module}{name}2d", $"{Module}{name}3d"];

    private static ModuleBlueprint Max(PickledModule module)
    {
        var dimensions = NnParts.Dimensions(module);
        RefuseIndices(module);
        return NnParts.Expression(
            module,
            $"torch.max_pool{dimensions}d(x, {Window(module, dimensions)}, {NnParts.Of(NnParts.Sizes(module, "dilation", dimensions, 1, 1))}, {NnParts.Of(module.Flag("ceil_mode", false))})");
    }

    private static ModuleBlueprint Average(PickledModule module)
    {
        var dimensions = NnParts.Dimensions(module);
        var divisor = module.Attributes.GetValueOrDefault("divisor_override") is null ? "None" : NnParts.Of(NnParts.AtLeast(module, "divisor_override", 1));
        return NnParts.Expression(
            module,
            $"torch.avg_pool{dimensions}d(x, {Window(module, dimensions)}, {NnParts.Of(module.Flag("ceil_mode", false))}, {NnParts.Of(module.Flag("count_include_pad", true))}"
            + (dimensions == 1 ? ")" : $", {divisor})"));
    }

    private static ModuleBlueprint AdaptiveMax(PickledModule module)
    {
        RefuseIndices(module);
        return NnParts.Expression(module, $"torch.adaptive_max_pool{NnParts.Dimensions(module)}d(x, {OutputSize(module)})[0]");
    }

    /// <summary>Kernel, stride and padding; a stride that is <c>None</c> is the kernel.</summary>
    private static string Window(PickledModule module, int dimensions)
    {
        var kernel = NnParts.Sizes(module, "kernel_size", dimensions, 1);
        var stride = module.Attributes.GetValueOrDefault("stride") is null ? kernel : NnParts.Sizes(module, "stride", dimensions, 1);
        return $"{NnParts.Of(kernel)}, {NnParts.Of(stride)}, {NnParts.Of(NnParts.Sizes(module, "padding", dimensions, 0, 0))}";
    }

    /// <summary>A size that is <c>None</c> stays as the input has it.</summary>
    private static string OutputSize(PickledModule module)
    {
        var dimensions = NnParts.Dimensions(module);
        if (module.Attributes.GetValueOrDefault("output_size") is not (List<object?> or object?[]))
            return NnParts.Of(NnParts.Sizes(module, "output_size", dimensions, 1));
        var sizes = module.Items("output_size");
        if (sizes.Count != dimensions)
            throw module.Refuse($"has an output size of {sizes.Count} numbers instead of {dimensions}");
        return $"[{string.Join(", ", sizes.Select((size, i) => size switch
        {
            null => $"x.size({i - dimensions})",
            long and > 0 => NnParts.Of((long)size),
            _ => throw module.Refuse("has an output size that is none"),
        }))}]";
    }

    private static void RefuseIndices(PickledModule module)
    {
        if (module.Flag("return_indices", false))
            throw module.Refuse("returns indices beside its result, which is not read");
    }
}
