using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Values;

/// <summary>One argument of a method as readers need it.</summary>
/// <param name="Name">The Python name.</param>
/// <param name="Type">Its type.</param>
/// <param name="IsRequired">Whether a call must give it.</param>
/// <param name="DType">What tensors in it are made of, as the definition says; null when it says nothing.</param>
public sealed record SignatureArgument(string Name, ScriptType Type, bool IsRequired, DType? DType);

/// <summary>A method's schema, and what the model's definition adds to it, ready to guide readers. Made once a model; immutable.</summary>
public sealed class Signature
{
    private readonly Dictionary<string, DType> _keys = [];

    /// <summary>Compiles a schema.</summary>
    /// <param name="schema">The method.</param>
    /// <param name="inputs">Of the definition; names are matched with arguments as <see cref="InputNames"/> says.</param>
    public Signature(MethodSchema schema, IReadOnlyList<TensorSpec>? inputs = null)
    {
        Schema = schema;
        inputs ??= [];
        var types = schema.Arguments.Select(argument => ScriptType.Parse(argument.Type, schema.NamedTuples)).ToArray();
        var dtypes = new DType?[types.Length];
        if (types is [{ Kind: ScriptTypeKind.Dict }])
        {
            foreach (var input in inputs)
                _keys[input.Name] = input.DType;
        }
        else
        {
            var (_, positions) = InputNames.Resolve([.. inputs.Select(static input => input.Name)], [.. schema.Arguments.Select(static argument => argument.Name)]);
            for (var i = 0; i < positions.Length; i++)
            {
                if (positions[i] < dtypes.Length)
                    dtypes[positions[i]] = inputs[i].DType;
            }
        }

        Arguments = [.. schema.Arguments.Select((argument, i) => new SignatureArgument(argument.Name, types[i], !argument.HasDefault, dtypes[i]))];
    }

    /// <summary>What it was made of.</summary>
    public MethodSchema Schema { get; }

    /// <summary>In order.</summary>
    public IReadOnlyList<SignatureArgument> Arguments { get; }

    /// <summary>The dtype of a tensor in the one dictionary that the method takes; null when the definition says nothing.</summary>
    public DType? DTypeOfKey(string key) => _keys.Count > 0 && _keys.TryGetValue(key, out var dtype) ? dtype : null;

    /// <summary>Where an argument stands; -1 when there is none of that name.</summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < Arguments.Count; i++)
        {
            if (Arguments[i].Name == name)
                return i;
        }

        return -1;
    }

    /// <summary>As a person would write it: <c>forward(x: Tensor, n: int = 3)</c>.</summary>
    public override string ToString() =>
        $"{Schema.Name}({string.Join(", ", Schema.Arguments.Select(static argument => $"{argument.Name}: {argument.Type}{(argument.HasDefault ? " = " + argument.Default : "")}"))})";
}
