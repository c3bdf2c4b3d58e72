using System.Globalization;
using System.Text;
using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>The encoder of "Attention Is All You Need" (arXiv:1706.03762). Source: <c>torch/nn/modules/transformer.py</c>.</summary>
internal static class Transformers
{
    private const string Layer = "torch.nn.modules.transformer.TransformerEncoderLayer";

    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        new NnMapping(EncoderLayer, Layer),
        new NnMapping(Encoder, "torch.nn.modules.transformer.TransformerEncoder"),
    ];

    private static ModuleBlueprint EncoderLayer(PickledModule module, ModuleMapper mapper)
    {
        var children = new List<KeyValuePair<string, ModuleBlueprint>>();
        foreach (var name in new[] { "self_attn", "linear1", "linear2", "norm1", "norm2" })
            children.Add(mapper.Map(module, name));
        if (module.Module("self_attn").ClassName != Attention.ClassName)
            throw module.Module("self_attn").Refuse("stands where an attention belongs");
        var activation = "self.activation.forward";
        if (module.Modules.ContainsKey("activation"))
            children.Add(mapper.Map(module, "activation"));
        else
            activation = Function(module);
        return new ModuleBlueprint { Name = module.ShortName, Modules = children, Source = Blocks(activation) + Forward(module.Flag("norm_first", false)) };
    }

    /// <summary>A function instead of a module; files from before PyTorch 1.3 have none, which is ReLU.</summary>
    private static string Function(PickledModule module) => module.Attributes.GetValueOrDefault("activation") switch
    {
        null => "torch.relu",
        PickledGlobal { FullName: "torch.nn.functional.relu" or "torch.relu" } => "torch.relu",
        PickledGlobal { FullName: "torch.nn.functional.gelu" or "torch._C._nn.gelu" } => "torch.gelu",
        var other => throw module.Refuse($"uses {PickleFill.NameOf(other)} as its activation, which is not known"),
    };

    private static string Blocks(string activation) => $"""
        def _attend(self, x: Tensor, mask: Optional[Tensor], padding: Optional[Tensor]) -> Tensor:
            return self.self_attn.forward(x, x, x, padding, False, mask)[0]
        def _feed(self, x: Tensor) -> Tensor:
            return self.linear2.forward({activation}(self.linear1.forward(x)))

        """;

    private static string Forward(bool normFirst) => "def forward(self, src: Tensor, src_mask: Optional[Tensor] = None, src_key_padding_mask: Optional[Tensor] = None) -> Tensor:\n"
        + (normFirst
            ? "    x = src + self._attend(self.norm1.forward(src), src_mask, src_key_padding_mask)\n    return x + self._feed(self.norm2.forward(x))\n"
            : "    x = self.norm1.forward(src + self._attend(src, src_mask, src_key_padding_mask))\n    return self.norm2.forward(x + self._feed(x))\n");

    private static ModuleBlueprint Encoder(PickledModule module, ModuleMapper mapper)
    {
        var children = new List<KeyValuePair<string, ModuleBlueprint>>();
        var source = new StringBuilder("def forward(self, src: Tensor, mask: Optional[Tensor] = None, src_key_padding_mask: Optional[Tensor] = None) -> Tensor:\n    x = src\n");
        foreach (var layer in module.Module("layers").Modules.Values)
        {
            if (layer is not { ClassName: Layer })
                throw module.Refuse("has a layer that is no TransformerEncoderLayer");
            source.Append(CultureInfo.InvariantCulture, $"    x = self.m{children.Count}.forward(x, mask, src_key_padding_mask)\n");
            children.Add(new($"m{children.Count}", mapper.Map(layer)));
        }

        // A norm that is not there is None, among the modules or, in some versions, among the attributes.
        if (module.Modules.GetValueOrDefault("norm") is not null)
        {
            children.Add(mapper.Map(module, "norm"));
            source.Append("    x = self.norm.forward(x)\n");
        }

        source.Append("    return x\n");
        return new ModuleBlueprint { Name = module.ShortName, Modules = children, Source = source.ToString() };
    }
}
