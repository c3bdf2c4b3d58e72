namespace Granary.Serving.Formats.Pickles.Sklearn;

/// <summary>The classes of the sk2torch library, which turns fitted scikit-learn models into PyTorch modules.</summary>
internal static class SklearnMappings
{
    public static IModuleMapping[] All { get; } =
    [
        new LinearMapping(),
        new LinearClassifierMapping(),
        new StandardScalerMapping(),
        new MinMaxScalerMapping(),
        new PcaMapping(),
        new TreeMapping(),
        new BoostingMapping(),
        new DummyClassifierMapping(),
        new DummyClassifiersMapping(),
        new DummyRegressorMapping(),
        new KernelMapping(),
        new NystroemMapping(),
        new SvcMapping(),
        new SvrMapping(),
        new LabelBinarizerMapping(),
        new WrappedMlpMapping(),
        new MlpClassifierMapping(),
        new MlpRegressorMapping(),
        new StackingMapping(),
        new PartMapping(),
        new PipelineMapping(),
        new TargetRegressorMapping(),
    ];
}
