using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Multi-head attention, as <c>torch.nn.functional.multi_head_attention_forward</c> computes it outside training.</summary>
internal static class Attention
{
    /// <summary>Its class.</summary>
    public const string ClassName = "torch.nn.modules.activation.MultiheadAttention";

    public static IReadOnlyList<IModuleMapping> All { get; } = [new NnMapping(Map, ClassName)];

    /// <summary>Projections by one matrix for all three, or by one each where keys and values have other sizes.</summary>
    private static ModuleBlueprint Map(PickledModule module, ModuleMapper mapper)
    {
        if (module.Parameters.GetValueOrDefault("bias_k") is not null || module.Parameters.GetValueOrDefault("bias_v") is not null || module.Flag("add_zero_attn", false))
            throw module.Refuse("adds a bias or zeros to its keys and values, which is not read");
        var heads = NnParts.AtLeast(module, "num_heads", 1);
        var width = NnParts.AtLeast(module, "embed_dim", 1);
        if (width % heads != 0)
            throw module.Refuse($"has {heads} heads for {width} features");
        var together = module.Parameters.GetValueOrDefault("in_proj_weight") is not null;
        var hasBias = module.Parameters.GetValueOrDefault("in_proj_bias") is not null;
        return new ModuleBlueprint
        {
            Name = module.ShortName,
            Parameters = NnParts.Present(module.Parameters, ["in_proj_weight", "in_proj_bias", "q_proj_weight", "k_proj_weight", "v_proj_weight"]),
            Attributes = [new("root", new DoubleValue(Math.Sqrt(width / heads))), new("never", new DoubleValue(double.NegativeInfinity))],
            Modules = [mapper.Map(module, "out_proj")],
            Source = Project("q", 0, width, together, hasBias) + Project("k", 1, width, together, hasBias) + Project("v", 2, width, together, hasBias)
                + Mask + Forward(width, heads, module.Flag("batch_first", false)),
        };
    }

    private static string Project(string name, int part, long width, bool together, bool hasBias)
    {
        var rows = $"[{part * width}:{(part + 1) * width}]";
        var weight = together ? $"self.in_proj_weight{rows}" : $"self.{name}_proj_weight";
        return $"def _project_{name}(self, x: Tensor) -> Tensor:\n    return torch.linear(x, {weight}, {(hasBias ? $"self.in_proj_bias{rows}" : "None")})\n";
    }

    /// <summary>A mask of truths (dtype 11, or 0 in old models) means "do not look here", one of numbers is added.</summary>
    private const string Mask = """
        def _additive(self, mask: Tensor, like: Tensor) -> Tensor:
            if mask.dtype == 11 or mask.dtype == 0:
                return torch.masked_fill(torch.zeros(mask.size(), dtype=like.dtype, device=like.device), mask.to(11), self.never)
            return mask.to(like.dtype)

        """;

    private static string Forward(long width, long heads, bool batchFirst) => $"""
        def forward(self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Optional[Tensor] = None, need_weights: bool = True, attn_mask: Optional[Tensor] = None, average_attn_weights: bool = True) -> Tuple[Tensor, Optional[Tensor]]:
            batched = query.dim() == 3
            assert query.dim() == 2 or batched, "expected an unbatched 2D or a batched 3D query (got {"{}"}D)".format(query.dim())
            q = query
            k = key
            v = value
            padding = key_padding_mask
            if not batched:
                q = torch.unsqueeze(q, 0)
                k = torch.unsqueeze(k, 0)
                v = torch.unsqueeze(v, 0)
                if padding is not None:
                    padding = torch.unsqueeze(padding, 0)
            elif {NnParts.Of(!batchFirst)}:
                q = torch.transpose(q, 0, 1)
                k = torch.transpose(k, 0, 1)
                v = torch.transpose(v, 0, 1)
            batch = q.size(0)
            targets = q.size(1)
            sources = k.size(1)
            q = torch.transpose(self._project_q(q).reshape([batch, targets, {heads}, {width / heads}]), 1, 2)
            k = torch.transpose(self._project_k(k).reshape([batch, sources, {heads}, {width / heads}]), 1, 2)
            v = torch.transpose(self._project_v(v).reshape([batch, sources, {heads}, {width / heads}]), 1, 2)
            scores = torch.matmul(q / self.root, torch.transpose(k, 2, 3))
            if attn_mask is not None:
                mask = self._additive(attn_mask, scores)
                if mask.dim() == 3:
                    mask = mask.reshape([batch, {heads}, targets, sources])
                scores = scores + mask
            if padding is not None:
                scores = scores + torch.unsqueeze(torch.unsqueeze(self._additive(padding, scores), 1), 1)
            weights = torch.softmax(scores, -1)
            result = torch.transpose(torch.matmul(weights, v), 1, 2).reshape([batch, targets, {width}])
            result = self.out_proj.forward(result)
            if average_attn_weights:
                weights = torch.mean(weights, [1])
            if not batched:
                result = torch.squeeze(result, 0)
                weights = torch.squeeze(weights, 0)
            elif {NnParts.Of(!batchFirst)}:
                result = torch.transpose(result, 0, 1)
            shown: Optional[Tensor] = None
            if need_weights:
                shown = weights
            return result, shown
        """;
}
