using Granary.Torch;

namespace Granary.Serving.Formats.Triton.Naming;

/// <summary>Where one input of a configuration goes.</summary>
/// <param name="Name">Name in requests.</param>
/// <param name="Argument">Position of the argument; 0 when all inputs go into one dictionary.</param>
/// <param name="ArgumentName">Python name of the argument.</param>
public sealed record InputSlot(string Name, int Argument, string ArgumentName);

/// <summary>How the tensors of a request become the arguments of a method, and its result the tensors of the answer.</summary>
public sealed class ArgumentPlan
{
    internal ArgumentPlan(MethodSchema schema, IReadOnlyList<InputSlot> inputs, IReadOnlyList<string> outputs, int[] outputPositions, bool isDictionary, IReadOnlyList<string> warnings)
    {
        Schema = schema;
        Inputs = inputs;
        Outputs = outputs;
        OutputPositions = outputPositions;
        TakesDictionary = isDictionary;
        Warnings = warnings;
    }

    /// <summary>The method.</summary>
    public MethodSchema Schema { get; }

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<InputSlot> Inputs { get; }

    /// <summary>Names in the order of the configuration.</summary>
    public IReadOnlyList<string> Outputs { get; }

    /// <summary>Where in a tuple or list each output stands.</summary>
    public IReadOnlyList<int> OutputPositions { get; }

    /// <summary>Whether the method takes one <c>Dict[str, Tensor]</c> whose keys are the names of the inputs.</summary>
    public bool TakesDictionary { get; }

    /// <summary>What the user may not have meant.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The arguments of a call: positional as far as none is left out, then named.</summary>
    /// <param name="values">One for each of <see cref="Inputs"/>, null for an optional one that the request leaves out. Stay the caller's.</param>
    public Argument[] Arrange(ReadOnlySpan<Value?> values)
    {
        if (values.Length != Inputs.Count)
            throw new ArgumentException($"{values.Length} values for {Inputs.Count} inputs", nameof(values));
        if (TakesDictionary)
            return [new Argument(null, Pack(values))];
        var arguments = new Value?[Schema.Arguments.Count];
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            arguments[Inputs[i].Argument] = values[i];
            count += values[i] is null ? 0 : 1;
        }

        var result = new Argument[count];
        var (next, gap) = (0, false);
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is { } value)
                result[next++] = new Argument(gap ? Schema.Arguments[i].Name : null, value);
            else
                gap = true;
        }

        return result;
    }

    /// <summary>The values of <see cref="Outputs"/>, out of what the method returned; they stay its.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelFailed"/>: the result has no such value.</exception>
    public Value[] Pick(Value result)
    {
        var picked = new Value[Outputs.Count];
        switch (result)
        {
            case DictValue dictionary:
                PickByKey(dictionary, picked);
                break;
            case TupleValue { Names: { } fields } tuple when Outputs.All(fields.Contains):
                for (var i = 0; i < picked.Length; i++)
                    picked[i] = tuple.Items[IndexOf(fields, Outputs[i])];
                break;
            case TupleValue tuple:
                PickByPosition(tuple.Items, picked);
                break;
            case ListValue list when list.Items is not [StringValue, ..] || picked.Length > 1:
                PickByPosition(list.Items, picked);
                break;
            default:
                PickByPosition([result], picked);
                break;
        }

        return picked;
    }

    private DictValue Pack(ReadOnlySpan<Value?> values)
    {
        var entries = new List<KeyValuePair<Value, Value>>(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is { } value)
                entries.Add(new(new StringValue(Inputs[i].Name), value));
        }

        return new DictValue(entries);
    }

    // By the keys when they are the names; else, as with a tuple, in order.
    private void PickByKey(DictValue dictionary, Value[] picked)
    {
        for (var i = 0; i < picked.Length; i++)
        {
            if (Find(dictionary, Outputs[i]) is not { } value)
            {
                PickByPosition([.. dictionary.Entries.Select(static entry => entry.Value)], picked);
                return;
            }

            picked[i] = value;
        }
    }

    private static Value? Find(DictValue dictionary, string key)
    {
        foreach (var entry in dictionary.Entries)
        {
            if (entry.Key is StringValue text && text.Text == key)
                return entry.Value;
        }

        return null;
    }

    private void PickByPosition(IReadOnlyList<Value> items, Value[] picked)
    {
        for (var i = 0; i < picked.Length; i++)
        {
            if (OutputPositions[i] >= items.Count)
            {
                throw new ServingException(ServingError.ModelFailed,
                    $"output '{Outputs[i]}' would be number {OutputPositions[i]} of what the model returns, which has {items.Count} values");
            }

            picked[i] = items[OutputPositions[i]];
        }
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
                return i;
        }

        return -1;
    }
}
