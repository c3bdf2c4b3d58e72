using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Formats.Triton.Naming;

/// <summary>
/// Matches the names of a configuration with the arguments and results of a TorchScript method, by the rules of Triton's PyTorch
/// backend (see <see cref="InputNames"/>). What that backend cannot take (dictionaries, lists and named tuples of tensors as
/// results, arguments with defaults, optional tensors) is taken too.
/// </summary>
public static class ArgumentPlanner
{
    /// <summary>The plan of a configuration.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the two do not fit.</exception>
    public static ArgumentPlan Plan(ModelConfig config, MethodSchema schema)
    {
        var warnings = new List<string>();
        var types = schema.Arguments.Select(static argument => TorchType.Parse(argument.Type)).ToList();
        var isDictionary = types is [{ IsTensorDictionary: true }];
        var inputs = isDictionary ? Keys(config, schema) : Match(config, schema, types, warnings);
        var outputs = config.Output.Select(static output => output.Name).ToList();
        var (rule, positions) = InputNames.Resolve(outputs, []);
        CheckOutputs(config, schema, rule, positions, warnings);
        return new ArgumentPlan(schema, inputs, outputs, positions, isDictionary, warnings);
    }

    private static List<InputSlot> Keys(ModelConfig config, MethodSchema schema) =>
        [.. config.Input.Select(input => new InputSlot(input.Name, 0, schema.Arguments[0].Name))];

    private static List<InputSlot> Match(ModelConfig config, MethodSchema schema, List<TorchType> types, List<string> warnings)
    {
        var names = config.Input.Select(static input => input.Name).ToList();
        var required = schema.Arguments.Count(static argument => !argument.HasDefault);
        if (names.Count < required || names.Count > schema.Arguments.Count)
            throw Wrong($"unable to load model '{config.Name}', configuration expects {names.Count} inputs, model provides {schema.Arguments.Count}{Signature(schema)}");
        var (rule, positions) = InputNames.Resolve(names, [.. schema.Arguments.Select(static argument => argument.Name)]);
        if (rule == NamingRule.Order && names.Count > 1)
        {
            warnings.Add($"the inputs of model '{config.Name}' ({Quote(names)}) are neither all arguments of the model ({Quote(schema.Arguments.Select(static argument => argument.Name))}) "
                + "nor do all follow the <name>__<index> naming convention; they are taken in the order of the model configuration");
        }

        CheckPositions(config, schema, names, positions);
        for (var i = 0; i < names.Count; i++)
            CheckType(config.Name, config.Input[i], schema.Arguments[positions[i]], types[positions[i]]);
        return [.. names.Select((name, i) => new InputSlot(name, positions[i], schema.Arguments[positions[i]].Name))];
    }

    private static void CheckPositions(ModelConfig config, MethodSchema schema, List<string> names, int[] positions)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (positions[i] >= schema.Arguments.Count)
                throw Wrong($"input '{names[i]}' of model '{config.Name}' names argument {positions[i]}, but the model has {schema.Arguments.Count}{Signature(schema)}");
            var first = Array.IndexOf(positions, positions[i]);
            if (first < i)
                throw Wrong($"inputs '{names[first]}' and '{names[i]}' of model '{config.Name}' both name argument {positions[i]} ('{schema.Arguments[positions[i]].Name}')");
        }

        for (var i = 0; i < schema.Arguments.Count; i++)
        {
            if (!schema.Arguments[i].HasDefault && !positions.Contains(i))
                throw Wrong($"no input of model '{config.Name}' is its argument '{schema.Arguments[i].Name}'{Signature(schema)}");
        }
    }

    private static void CheckType(string model, ModelInput input, ArgumentSchema argument, TorchType type)
    {
        if (type.Name == "Dict")
            throw Wrong($"argument '{argument.Name}' of model '{model}' has type '{argument.Type}'. Only a single input of type Dict(str, Tensor) is supported.");
        var fits = input.DataType == DataType.String ? type.IsStringList : type.IsTensor || type.IsOptionalTensor;
        if (!fits)
        {
            throw Wrong(input.DataType == DataType.String
                ? $"input '{input.Name}' of model '{model}' is TYPE_STRING, which needs an argument of type List[str]; '{argument.Name}' is {argument.Type}"
                : $"An input of type '{argument.Type}' was detected in model '{model}' (argument '{argument.Name}'). Only a single input of type Dict(str, Tensor) or input(s) of type Tensor are supported.");
        }
    }

    private static void CheckOutputs(ModelConfig config, MethodSchema schema, NamingRule rule, int[] positions, List<string> warnings)
    {
        var type = TorchType.Parse(schema.ReturnType);
        if (type.Name == "Tuple")
        {
            var beyond = Array.FindIndex(positions, position => position >= type.Parts.Count);
            if (beyond >= 0)
                throw Wrong($"unable to load model '{config.Name}', configuration expects output '{config.Output[beyond].Name}' at {positions[beyond]}, model returns {schema.ReturnType}");
        }
        else if (type.IsTensor && positions.Length > 1)
        {
            throw Wrong($"unable to load model '{config.Name}', configuration expects {positions.Length} outputs, model returns one Tensor");
        }

        if (positions.Distinct().Count() != positions.Length)
            throw Wrong($"two outputs of model '{config.Name}' have the same index: {Quote(config.Output.Select(static output => output.Name))}");
        if (rule == NamingRule.Order && type.Name == "Tuple" && positions.Length > 1)
        {
            warnings.Add($"the outputs of model '{config.Name}' ({Quote(config.Output.Select(static output => output.Name))}) do not all follow the <name>__<index> "
                + "naming convention; they are taken in the order of the model configuration");
        }
    }

    private static string Signature(MethodSchema schema) =>
        $": {schema.Name}({string.Join(", ", schema.Arguments.Select(static argument => $"{argument.Name}: {argument.Type}{(argument.HasDefault ? " = " + argument.Default : "")}"))})";

    private static string Quote(IEnumerable<string> names) => string.Join(", ", names.Select(static name => $"'{name}'"));

    private static ServingException Wrong(string message) => new(ServingError.InvalidArgument, message);
}
