using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.V1;

/// <summary>What a model returned as outputs with names: the fields of a named tuple, the keys of a dictionary, else the definition's names in order.</summary>
internal readonly record struct NamedOutputs(IReadOnlyList<string> Names, IReadOnlyList<Value> Values)
{
    /// <summary>The outputs of a result; they stay its.</summary>
    public static NamedOutputs Of(ServedModel model, Value result) => result switch
    {
        TupleValue { Names: { } fields } tuple => new(fields, tuple.Items),
        TupleValue tuple => new(NamesOf(model, tuple.Items.Count), tuple.Items),
        DictValue dictionary => new([.. dictionary.Entries.Select(static entry => JsonValueWriter.KeyOf(entry.Key))], [.. dictionary.Entries.Select(static entry => entry.Value)]),
        _ => new(NamesOf(model, 1), [result]),
    };

    private static IReadOnlyList<string> NamesOf(ServedModel model, int count)
    {
        var outputs = model.Config.Output;
        return outputs.Count == count ? [.. outputs.Select(static output => output.Name)] : [.. Enumerable.Range(0, count).Select(static index => $"OUTPUT__{index}")];
    }
}
