using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Normalisations as they compute outside training. Source: <c>torch/nn/modules/batchnorm.py</c>, <c>normalization.py</c>, <c>instancenorm.py</c>.</summary>
internal static class Normalizations
{
    private const string Batch = "torch.nn.modules.batchnorm.";
    private const string Instance = "torch.nn.modules.instancenorm.InstanceNorm";
    private static readonly string[] Tensors = ["weight", "bias", "running_mean", "running_var"];

    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        new NnMapping(static (module, _) => BatchNorm(module), Batch + "BatchNorm1d", Batch + "BatchNorm2d", Batch + "BatchNorm3d", Batch + "SyncBatchNorm"),
        new NnMapping(static (module, _) => InstanceNorm(module), Instance + "1d", Instance + "2d", Instance + "3d"),
        new NnMapping(static (module, _) => LayerNorm(module), "torch.nn.modules.normalization.LayerNorm"),
        new NnMapping(static (module, _) => GroupNorm(module), "torch.nn.modules.normalization.GroupNorm"),
    ];

    private static ModuleBlueprint BatchNorm(PickledModule module)
    {
        // Without running statistics those of the batch count, outside training too.
        var training = module.Buffers.GetValueOrDefault("running_mean") is null && module.Buffers.GetValueOrDefault("running_var") is null;
        var check = module.ShortName switch
        {
            "BatchNorm1d" => Check("x.dim() == 2 or x.dim() == 3", "2D or 3D"),
            "BatchNorm2d" => Check("x.dim() == 4", "4D"),
            "BatchNorm3d" => Check("x.dim() == 5", "5D"),
            _ => Check("x.dim() >= 2", "at least 2D"),
        };
        return Build(module, check
            + $"    return torch.batch_norm(x, {Arguments(module)}, {NnParts.Of(training)}, 0.1, self.eps, True)\n");
    }

    private static ModuleBlueprint InstanceNorm(PickledModule module)
    {
        var unbatched = NnParts.Dimensions(module) + 1;
        var call = $"torch.instance_norm({{0}}, {Arguments(module)}, {NnParts.Of(!module.Flag("track_running_stats", false))}, 0.1, self.eps, True)";
        return Build(module, Check($"x.dim() == {unbatched} or x.dim() == {unbatched + 1}", $"{unbatched}D or {unbatched + 1}D")
            + $"    if x.dim() == {unbatched}:\n        return torch.squeeze({call.Replace("{0}", "torch.unsqueeze(x, 0)")}, 0)\n"
            + $"    return {call.Replace("{0}", "x")}\n");
    }

    private static ModuleBlueprint LayerNorm(PickledModule module)
    {
        var shape = module.Attributes.GetValueOrDefault("normalized_shape") is long single ? [single] : module.Integers("normalized_shape");
        return NnParts.Expression(
            module,
            $"torch.layer_norm(x, {NnParts.Of(shape)}, {NnParts.Optional(module, "weight")}, {NnParts.Optional(module, "bias")}, self.eps)",
            ["weight", "bias"],
            NnParts.Number(module, "eps", 1e-5));
    }

    private static ModuleBlueprint GroupNorm(PickledModule module) => NnParts.Expression(
        module,
        $"torch.group_norm(x, {NnParts.Of(NnParts.AtLeast(module, "num_groups", 1))}, {NnParts.Optional(module, "weight")}, {NnParts.Optional(module, "bias")}, self.eps)",
        ["weight", "bias"],
        NnParts.Number(module, "eps", 1e-5));

    private static string Arguments(PickledModule module) => string.Join(", ", Tensors.Select(name => NnParts.Optional(module, name)));

    private static string Check(string right, string expected) =>
        $"    assert {right}, \"expected {expected} input (got {{}}D input)\".format(x.dim())\n";

    private static ModuleBlueprint Build(PickledModule module, string body) => new()
    {
        Name = module.ShortName,
        Parameters = NnParts.Present(module.Parameters, Tensors),
        Buffers = NnParts.Present(module.Buffers, Tensors),
        Attributes = [NnParts.Number(module, "eps", 1e-5)],
        Source = "def forward(self, x: Tensor) -> Tensor:\n" + body,
    };
}
