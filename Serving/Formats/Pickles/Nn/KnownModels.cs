using Granary.Torch;

namespace Granary.Serving.Formats.Pickles.Nn;

/// <summary>Models outside PyTorch whose code is public and fixed.</summary>
internal static class KnownModels
{
    public static IReadOnlyList<IModuleMapping> All { get; } =
    [
        // Ritual's iris.torch: the classifier of its test resources and of its examples.
        new NnMapping(Iris, "iris_classification_model.IrisClassificationModel"),
    ];

    private static ModuleBlueprint Iris(PickledModule module, ModuleMapper mapper) => new()
    {
        Name = module.ShortName,
        Modules = [mapper.Map(module, "layer1"), mapper.Map(module, "layer2"), mapper.Map(module, "layer3")],
        Source = """
            def forward(self, x: Tensor) -> Tensor:
                x = torch.relu(self.layer1.forward(x))
                x = torch.relu(self.layer2.forward(x))
                return torch.softmax(self.layer3.forward(x), 1)
            """,
    };
}
