using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Tables of vectors. Source: <c>torch/nn/modules/sparse.py</c>.</summary>
internal static class Embeddings
{
    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        new NnMapping(static (module, _) => Embedding(module), "torch.nn.modules.sparse.Embedding"),
        new NnMapping(static (module, _) => Bag(module), "torch.nn.modules.sparse.EmbeddingBag"),
    ];

    private static ModuleBlueprint Embedding(PickledModule module)
    {
        RefuseNorm(module);
        return NnParts.Expression(module, "torch.embedding(self.weight, x)", ["weight"]);
    }

    private static ModuleBlueprint Bag(PickledModule module)
    {
        RefuseNorm(module);
        var mode = module.Text("mode", "mean") switch
        {
            "sum" => 0,
            "mean" => 1,
            "max" => 2,
            _ => throw module.Refuse("reduces in a way that is not known"),
        };
        var padding = module.Attributes.GetValueOrDefault("padding_idx") is null ? "None" : NnParts.Of(module.Integer("padding_idx"));
        return new ModuleBlueprint
        {
            Name = module.ShortName,
            Parameters = NnParts.Present(module.Parameters, ["weight"]),
            Source = $"""
                def forward(self, x: Tensor, offsets: Optional[Tensor] = None, per_sample_weights: Optional[Tensor] = None) -> Tensor:
                    if x.dim() == 2:
                        assert offsets is None, "a 2D input is a mini-batch of sequences of one length and takes no offsets"
                        starts = torch.arange(0, x.numel(), x.size(1), dtype=x.dtype, device=x.device)
                    else:
                        assert offsets is not None, "a 1D input needs offsets"
                        starts = offsets
                    weights = per_sample_weights
                    if weights is not None:
                        weights = weights.reshape(-1)
                    return torch.embedding_bag(self.weight, x.reshape(-1), starts, False, {mode}, False, weights, {NnParts.Of(module.Flag("include_last_offset", false))}, {padding})[0]
                """,
        };
    }

    private static void RefuseNorm(PickledModule module)
    {
        if (module.Attributes.GetValueOrDefault("max_norm") is not null)
            throw module.Refuse("has max_norm, which changes its weights at every call");
    }
}
