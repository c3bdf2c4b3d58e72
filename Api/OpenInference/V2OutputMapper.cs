using Granary.Serving;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Torch;

namespace Granary.Api.OpenInference;

/// <summary>Makes the outputs of an answer out of what a module returned: named as the configuration says or, without one, as the module does.</summary>
internal static class V2OutputMapper
{
    /// <summary>The outputs, in the order asked for or the model's own. Tensors stay the result's.</summary>
    /// <exception cref="ServingException">The model has no such output, or what it returned cannot be carried.</exception>
    public static List<V2ResultOutput> Map(ServedModel model, V2Request request, Value result)
    {
        var named = model.OutputsAreGiven && model.Plan is { } plan ? Pick(model.Config, plan, result) : Name(result);
        var outputs = new List<V2ResultOutput>(named.Count);
        if (request.Outputs.Count == 0)
        {
            for (var i = 0; i < named.Count; i++)
                outputs.Add(Make(model, request, named[i], new V2Output(named[i].Key, request.BinaryOutputs, 0)));
            return outputs;
        }

        for (var i = 0; i < request.Outputs.Count; i++)
            outputs.Add(Make(model, request, named[IndexOf(model, named, request, i)], request.Outputs[i]));
        return outputs;
    }

    /// <summary>Refuses what no answer could hold, before the model runs.</summary>
    public static void Check(ServedModel model, V2Request request)
    {
        for (var i = 0; i < request.Outputs.Count; i++)
        {
            var name = request.Outputs[i].Name;
            for (var j = 0; j < i; j++)
            {
                if (request.Outputs[j].Name == name)
                    throw V2Errors.Invalid(request.Id, $"output '{name}' already exists in request");
            }

            if (model.OutputsAreGiven && !Has(model.Config.Output, name))
                throw Unknown(model, request, name);
        }
    }

    /// <summary>An output out of a value that another model made, shape and type known.</summary>
    /// <param name="name">The output's name.</param>
    /// <param name="value">Stays its owner's.</param>
    /// <param name="wanted">How it goes out.</param>
    /// <param name="batches">Whether the first dimension is the batch.</param>
    /// <param name="labels">Names of its classes; null for none.</param>
    public static V2ResultOutput Make(string name, in V2Input value, in V2Output wanted, bool batches, IReadOnlyList<string>? labels)
    {
        if (value.Value is Tensor tensor)
            return wanted.Classes > 0 ? Classification.Of(name, tensor, wanted.Classes, batches, labels ?? [], wanted.Binary ?? false) : V2ResultOutput.Of(name, tensor, wanted.Binary ?? false);
        if (wanted.Classes > 0)
            throw V2Errors.Invalid($"class result not available for output '{name}' due to unsupported type 'BYTES'");
        return V2ResultOutput.Of(name, [.. ((ListValue)value.Value).Items.Select(item => item is StringValue text
            ? text.Text
            : throw V2Errors.Invalid($"output '{name}' holds bytes that are not UTF-8"))], value.Shape, wanted.Binary ?? false);
    }

    private static bool Has(IReadOnlyList<ModelOutput> outputs, string name)
    {
        for (var i = 0; i < outputs.Count; i++)
        {
            if (outputs[i].Name == name)
                return true;
        }

        return false;
    }

    private static List<KeyValuePair<string, Value>> Pick(ModelConfig config, ArgumentPlan plan, Value result)
    {
        var values = plan.Pick(result);
        var named = new List<KeyValuePair<string, Value>>(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            var output = config.Output[i];
            var value = values[i];
            if (value is Tensor tensor)
            {
                if (DataTypes.Of(tensor.DType) is var provided && provided != output.DataType)
                    throw new ServingException(ServingError.InvalidArgument, $"configuration expects datatype {TypeName(output.DataType)} for output '{output.Name}', model provides {TypeName(provided)}");
                value = Reshaping.ToCaller(output.Dims, output.Reshape?.Shape, tensor, config.HasBatchDimension);
            }

            named.Add(new(output.Name, value));
        }

        return named;
    }

    private static string TypeName(DataType type) => $"TYPE_{type.ToString().ToUpperInvariant()}";

    private static List<KeyValuePair<string, Value>> Name(Value result)
    {
        var named = new List<KeyValuePair<string, Value>>(4);
        switch (result)
        {
            case TupleValue tuple:
                for (var i = 0; i < tuple.Items.Count; i++)
                    Add(named, tuple.Names?[i] ?? $"OUTPUT__{i}", tuple.Items[i]);
                break;
            case ListValue list when !IsTexts(list):
                for (var i = 0; i < list.Items.Count; i++)
                    Add(named, $"OUTPUT__{i}", list.Items[i]);
                break;
            case DictValue:
                Add(named, "", result);
                break;
            default:
                Add(named, "OUTPUT__0", result);
                break;
        }

        return named;
    }

    /// <summary>Containers inside containers go out flat, their names joined by a dot; <c>None</c> does not go out.</summary>
    private static void Add(List<KeyValuePair<string, Value>> named, string name, Value value)
    {
        switch (value)
        {
            case NoneValue:
                break;
            case DictValue dictionary:
                foreach (var (key, item) in dictionary.Entries)
                    Add(named, Join(name, KeyOf(key)), item);
                break;
            case TupleValue tuple:
                for (var i = 0; i < tuple.Items.Count; i++)
                    Add(named, Join(name, tuple.Names?[i] ?? Invariant(i)), tuple.Items[i]);
                break;
            case ListValue list when !IsTexts(list):
                for (var i = 0; i < list.Items.Count; i++)
                    Add(named, Join(name, Invariant(i)), list.Items[i]);
                break;
            default:
                named.Add(new(name, value));
                break;
        }
    }

    private static string Join(string name, string part) => name.Length == 0 ? part : $"{name}.{part}";

    private static string Invariant(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string KeyOf(Value key) => key switch
    {
        StringValue text => text.Text,
        IntValue number => number.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => throw new ServingException(ServingError.Unsupported, $"the model returned a dictionary with keys of type {key.Kind}; outputs have names"),
    };

    private static bool IsTexts(ListValue list) => list.Items is [StringValue, ..];

    private static int IndexOf(ServedModel model, List<KeyValuePair<string, Value>> named, V2Request request, int output)
    {
        for (var i = 0; i < named.Count; i++)
        {
            if (named[i].Key == request.Outputs[output].Name)
                return i;
        }

        throw Unknown(model, request, request.Outputs[output].Name);
    }

    private static ServingException Unknown(ServedModel model, V2Request request, string name) =>
        V2Errors.Invalid(request.Id, $"unexpected inference output '{name}' for model '{model.Config.Name}'");

    private static V2ResultOutput Make(ServedModel model, V2Request request, KeyValuePair<string, Value> named, in V2Output wanted)
    {
        var (name, value) = named;
        var batches = model.Config.HasBatchDimension;
        if (value is ListValue or StringValue)
            return Texts(name, value, model, request, wanted);
        var tensor = value as Tensor ?? Scalar(name, value);
        // A scalar has no place in protocols that count elements along dimensions.
        if (tensor.Shape.Length == 0)
            tensor = new Tensor(tensor.DType, [1], tensor.Data, tensor);
        return wanted.Classes > 0
            ? Classification.Of(name, tensor, wanted.Classes, batches, model.LabelsOf(name) ?? [], wanted.Binary ?? false)
            : V2ResultOutput.Of(name, tensor, wanted.Binary ?? false);
    }

    private static V2ResultOutput Texts(string name, Value value, ServedModel model, V2Request request, in V2Output wanted)
    {
        if (wanted.Classes > 0)
            throw V2Errors.Invalid($"class result not available for output '{name}' due to unsupported type 'BYTES'");
        string[] texts = value is StringValue one ? [one.Text] : [.. ((ListValue)value).Items.Select(item => item is StringValue text
            ? text.Text
            : throw new ServingException(ServingError.Unsupported, $"output '{name}' is a list that holds a {item.Kind}; lists of str and tensors can be carried"))];
        return V2ResultOutput.Of(name, texts, ShapeOf(name, texts.Length, model, request), wanted.Binary ?? false);
    }

    /// <summary>TorchScript's lists of strings have one dimension; callers see the configured ones where they hold as many elements.</summary>
    private static long[] ShapeOf(string name, int count, ServedModel model, V2Request request)
    {
        if (!model.OutputsAreGiven || model.Config.Output.FirstOrDefault(output => output.Name == name) is not { } configured)
            return [count];
        var batches = model.Config.HasBatchDimension && request.Inputs is [{ Shape.Length: > 0 }, ..];
        long[] shape = batches ? [request.Inputs[0].Shape[0], .. configured.Dims] : [.. configured.Dims];
        var open = Array.IndexOf(shape, -1);
        long known = 1;
        for (var i = 0; i < shape.Length; i++)
            known *= i == open ? 1 : shape[i];
        if (open >= 0 && known > 0 && count % known == 0)
            shape[open] = count / known;
        return shape.AsSpan().Contains(-1) || Tensor.CountElements(shape) != count ? [count] : shape;
    }

    private static Tensor Scalar(string name, Value value) => value switch
    {
        IntValue number => Tensor.From<long>(DType.Int64, [1], [number.Number]),
        DoubleValue number => Tensor.From<double>(DType.Float64, [1], [number.Number]),
        BoolValue flag => Tensor.From<byte>(DType.Bool, [1], [flag.Truth ? (byte)1 : (byte)0]),
        _ => throw new ServingException(ServingError.Unsupported, $"output '{name}' is a {value.Kind}, which the Open Inference protocol cannot carry"),
    };
}
