using System.Text.Json;
using Granary.Serving;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Api.Admin;

/// <summary>
/// Reads <c>{"inputs"?:[{"name"?,"dtype","shape"?,"values"} or {"name"?,"value"}],"method"?,"count"?,"wait"?}</c>. An input with
/// <c>value</c> is no tensor but what its JSON says: number, text, truth value, null, list or dictionary with text keys.
/// </summary>
internal static class WarmUpReader
{
    /// <summary>Most runs of one warm-up.</summary>
    public const int MaxCount = 10_000;

    /// <summary>Reads a warm-up, which the caller disposes.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>, every fault of the structure in one message.</exception>
    public static WarmUp Read(JsonElement? body, ModelDefinition? definition)
    {
        if (body is not { } element)
            return WarmUp.FromDefinition(definition, "forward", 3, true);
        List<string> faults = [];
        List<Argument> inputs = [];
        var fields = new JsonFields(element, "", faults);
        try
        {
            var given = fields.TryGet("inputs", out _);
            var index = 0;
            foreach (var item in fields.Objects("inputs"))
                ReadInput(item, $"inputs[{index++}]", inputs, faults);
            var method = fields.Text("method") ?? "forward";
            var count = fields.Integer("count", 3, minimum: 1);
            var wait = fields.Flag("wait", true);
            fields.RefuseUnknown();
            if (count > MaxCount)
                fields.Fault("count", $"is {count}; at most {MaxCount} runs");
            if (faults.Count > 0)
                throw new ServingException(ServingError.InvalidArgument, $"The warm-up cannot be read: {string.Join("; ", faults)}");
            return given ? new WarmUp("given", inputs, method, count, wait) : WarmUp.FromDefinition(definition, method, count, wait);
        }
        catch
        {
            foreach (var input in inputs)
                input.Value.Dispose();
            throw;
        }
    }

    private static void ReadInput(JsonFields item, string path, List<Argument> inputs, List<string> faults)
    {
        var name = item.Text("name");
        if (name is null && inputs.Count > 0 && inputs[^1].Name is not null)
            item.Fault("name", "missing; inputs without a name come before those with one");
        if (item.TryGet("value", out var value))
        {
            inputs.Add(new Argument(name, ReadValue(value)));
            item.RefuseUnknown();
            return;
        }

        var dtypeName = item.Text("dtype");
        var shape = item.Integers("shape");
        var hasValues = item.TryGet("values", out var values);
        item.RefuseUnknown();
        if (dtypeName is null || !DTypeNames.TryParse(dtypeName, out var dtype))
            item.Fault("dtype", $"{(dtypeName is null ? "missing" : $"'{dtypeName}' is not a dtype")}; expected one of {DTypeNames.All}");
        else if (!hasValues)
            item.Fault("values", "missing");
        else
            AddTensor(name, path, dtype, shape, values, inputs, faults);
    }

    private static void AddTensor(string? name, string path, DType dtype, long[]? shape, JsonElement values, List<Argument> inputs, List<string> faults)
    {
        try
        {
            inputs.Add(new Argument(name, SampleTensorReader.Read(dtype, shape, values, path)));
        }
        catch (ServingException exception)
        {
            faults.Add(exception.Message);
        }
    }

    private static Value ReadValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => new StringValue(value.GetString()!),
        JsonValueKind.True or JsonValueKind.False => new BoolValue(value.GetBoolean()),
        JsonValueKind.Number => value.TryGetInt64(out var whole) ? new IntValue(whole) : new DoubleValue(value.GetDouble()),
        JsonValueKind.Array => new ListValue([.. value.EnumerateArray().Select(ReadValue)]),
        JsonValueKind.Object => new DictValue([.. value.EnumerateObject().Select(property => KeyValuePair.Create<Value, Value>(new StringValue(property.Name), ReadValue(property.Value)))]),
        _ => NoneValue.Instance,
    };
}
