using System.Text;
using Granary.Serving.Formats.Triton.Config;

namespace Granary.Serving.Tests.Formats.Triton.Config;

public sealed class ModelEnsembleRulesTests
{
    private const string Input = "input { name: 'IN' data_type: TYPE_FP32 dims: 1 } ";
    private const string Output = "output { name: 'OUT' data_type: TYPE_FP32 dims: 1 } ";

    private static string Step(string model, string from, string to) =>
        $"step {{ model_name: '{model}' model_version: -1 input_map {{ key: 'i' value: '{from}' }} output_map {{ key: 'o' value: '{to}' }} }} ";

    private static IReadOnlyList<string> Faults(string text, string steps) => ModelConfigValidator.Validate(ModelConfigNormalizer.Normalize(
        ModelConfigCodec.ParseText(Encoding.UTF8.GetBytes($"name: 'e' {text} ensemble_scheduling {{ {steps} }}"), "f"), true, new HostCapacity(1, 0)));

    public static TheoryData<string, string, string[]> Wrong => new()
    {
        { "platform: 'pytorch_libtorch'" + Input + Output, Step("a", "IN", "OUT"), ["ensemble scheduling cannot be set for model 'e' whose platform is not ensemble"] },
        { "platform: 'ensemble' instance_group { }" + Input + Output, Step("a", "IN", "OUT"), ["instance group should not be specified for ensemble 'e'"] },
        { "platform: 'ensemble' optimization { }" + Input + Output, Step("a", "IN", "OUT"), ["optimization should not be specified for ensemble 'e'"] },
        { "platform: 'ensemble' model_warmup { }" + Input + Output, Step("a", "IN", "OUT"), ["model_warmup can not be specified for ensemble 'e'"] },
        { "platform: 'ensemble'", "", ["must specify 'step' for ensemble 'e'"] },
        { "platform: 'ensemble'", "step { }", ["must specify 'model_name' in step 0 of ensemble 'e'", "must specify 'input_map' in step 0 of ensemble 'e'", "must specify 'output_map' in step 0 of ensemble 'e'"] },
        { "platform: 'ensemble'" + Input + Output, Step("a", "IN", "OUT") + Step("b", "IN", "OUT"), ["ensemble tensor 'OUT' can appear in an output map only once for ensemble 'e' step 1"] },
        { "platform: 'ensemble'" + Input + "input { name: 'I2' data_type: TYPE_FP32 dims: 1 }" + Output, Step("a", "IN", "OUT"), ["ensemble input 'I2' for ensemble e is not used"] },
        { "platform: 'ensemble'" + Input + Output + "output { name: 'O2' data_type: TYPE_FP32 dims: 1 }", Step("a", "IN", "OUT"), ["ensemble output 'O2' for ensemble e is not used"] },
        { "platform: 'ensemble'" + Input + Output, Step("a", "IN", "OUT") + Step("b", "IN", "t"), ["ensemble tensor 't' is unused in ensemble 'e'"] },
        { "platform: 'ensemble'" + Input + Output, Step("a", "IN", "t") + Step("b", "u", "OUT"), ["output 'OUT' for ensemble 'e' is not written: at least one of its depending tensors, 'u', is not connected", "ensemble tensor 't' is unused in ensemble 'e'", "ensemble tensor 'u' is unused in ensemble 'e'"] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Check_WrongEnsembles_AreToldInTritonsWords(string text, string steps, string[] expected) => Assert.Equal(expected, Faults(text, steps));

    [Fact]
    public void Check_ConnectedEnsembleInAnyOrder_IsFine() => Assert.Empty(
        Faults("platform: 'ensemble' " + Input + Output, Step("b", "t", "OUT") + Step("a", "IN", "t")));
}
