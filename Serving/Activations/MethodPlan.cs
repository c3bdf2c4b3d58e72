using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Activations;

/// <summary>One method of a module, joined with what the definition says of its inputs.</summary>
internal sealed class MethodPlan
{
    private readonly Dictionary<string, int> _wireNames = new(StringComparer.Ordinal);

    public MethodPlan(MethodSchema schema, IReadOnlyList<TensorSpec> inputs)
    {
        Schema = schema;
        Specs = new TensorSpec?[schema.Arguments.Count];
        // More inputs than arguments means that the method takes them in one container: only libtorch can check that.
        if (inputs.Count > schema.Arguments.Count)
            return;
        var (_, positions) = InputNames.Resolve([.. inputs.Select(input => input.Name)], [.. schema.Arguments.Select(argument => argument.Name)]);
        for (var i = 0; i < inputs.Count; i++)
        {
            var index = positions[i];
            if (index >= schema.Arguments.Count || schema.Arguments[index].Type != "Tensor")
                continue;
            Specs[index] = inputs[i];
            _wireNames[inputs[i].Name] = index;
        }
    }

    public MethodSchema Schema { get; }

    /// <summary>What the definition says of each argument; null where it says nothing.</summary>
    public TensorSpec?[] Specs { get; }

    /// <summary>Position of an argument by its Python name; -1 when there is none.</summary>
    public int IndexOf(string name) => IndexOf(Schema, name);

    /// <summary>Position of an argument by the name that the definition gives it; -1 when there is none.</summary>
    public int IndexOfWireName(string name) => _wireNames.GetValueOrDefault(name, -1);

    private static int IndexOf(MethodSchema schema, string name)
    {
        var arguments = schema.Arguments;
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i].Name == name)
                return i;
        }

        return -1;
    }
}
