using Granary.Serving;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Torch;

namespace Granary.Api.OpenInference;

/// <summary>
/// Checks the inputs of a request against the model's configuration and brings them into the order of the module's arguments.
/// Messages are Triton's. Source: triton-inference-server/core, <c>src/infer_request.cc</c>.
/// </summary>
internal static class V2InputBinder
{
    private const string BatchNote = "NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be prepended to each input shape. "
        + "If you want to specify the full shape including the batch dim in your input dims config, try setting max_batch_size to zero. See the model configuration docs for more info on max_batch_size.";

    /// <summary>The arguments of the call. Tensors stay the request's.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: they do not fit the model.</exception>
    public static Argument[] Bind(ServedModel model, V2Request request)
    {
        CheckNames(request);
        if (model.Definition.Handlers.Count > 0 && request.Inputs.Exists(static input => input.Datatype == DataType.String))
            return BindToHandlers(request);
        CheckTexts(request);
        return model.InputsAreGiven ? BindGiven(model, request) : BindGuessed(model, request);
    }

    /// <summary>Checks the request against a configuration whose inputs somebody wrote down.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: they do not fit.</exception>
    public static void Check(ServedModel model, V2Request request)
    {
        CheckNames(request);
        _ = Order(model, request);
    }

    /// <summary>Handlers know what they take; one list, such as the encoded images, goes to them without a name.</summary>
    private static Argument[] BindToHandlers(V2Request request) => request.Inputs.Count == 1
        ? [new Argument(null, request.Inputs[0].Value)]
        : [.. request.Inputs.Select(static input => new Argument(input.Name, input.Value))];

    private static void CheckTexts(V2Request request)
    {
        foreach (var input in request.Inputs)
        {
            if (input.Datatype != DataType.String || input.Value is not ListValue list)
                continue;
            for (var i = 0; i < list.Items.Count; i++)
            {
                if (list.Items[i] is not StringValue)
                    throw V2Errors.Invalid(request.Id, $"element {i} of input '{input.Name}' is not UTF-8; TorchScript models take text");
            }
        }
    }

    private static Argument[] BindGiven(ServedModel model, V2Request request)
    {
        var values = Order(model, request);
        return (model.Plan ?? throw new ServingException(ServingError.InvalidArgument, $"the inputs of model '{model.Config.Name}' do not fit its method 'forward'")).Arrange(values);
    }

    /// <summary>The values in the order of the configuration; null for an optional one that is not there.</summary>
    private static Value?[] Order(ServedModel model, V2Request request)
    {
        var config = model.Config;
        var inputs = config.Input;
        CheckCount(config, request);
        var values = new Value?[inputs.Count];
        long? batch = null;
        foreach (var input in request.Inputs)
        {
            var index = IndexOf(inputs, input.Name);
            if (index < 0)
                throw V2Errors.Invalid(request.Id, $"unexpected inference input '{input.Name}' for model '{config.Name}'");
            var expected = inputs[index];
            if (input.Datatype != expected.DataType)
                throw V2Errors.Invalid(request.Id, $"inference input '{input.Name}' data-type is '{input.Datatype.WireName()}', but model '{config.Name}' expects '{expected.DataType.WireName()}'");
            CheckShape(config, expected, input, request.Id, ref batch);
            values[index] = Reshaping.ToModel(expected.Dims, expected.Reshape?.Shape, input.Value, config.HasBatchDimension);
        }

        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is null && !inputs[i].Optional)
                throw Missing(config, request);
        }

        return values;
    }

    /// <summary>Nobody wrote the inputs down: the request's names count as they would in a configuration.</summary>
    private static Argument[] BindGuessed(ServedModel model, V2Request request)
    {
        long? batch = null;
        foreach (var input in request.Inputs)
        {
            if (model.Config.HasBatchDimension)
                CheckBatch(model.Config, input, request.Id, ref batch);
        }

        return TryArrange(model.Plan, request) ?? Arrange(model, request);
    }

    private static Argument[]? TryArrange(ArgumentPlan? plan, V2Request request)
    {
        if (plan is null || plan.TakesDictionary || plan.Inputs.Count != request.Inputs.Count)
            return null;
        var values = new Value?[plan.Inputs.Count];
        foreach (var input in request.Inputs)
        {
            var index = IndexOf(plan.Inputs, input.Name);
            if (index < 0)
                return null;
            values[index] = input.Value;
        }

        return plan.Arrange(values);
    }

    private static Argument[] Arrange(ServedModel model, V2Request request)
    {
        var observed = new ObservedTensor[request.Inputs.Count];
        var values = new Value?[observed.Length];
        for (var i = 0; i < observed.Length; i++)
        {
            var input = request.Inputs[i];
            observed[i] = new ObservedTensor(input.Name, input.Datatype, input.Shape);
            values[i] = input.Value;
        }

        try
        {
            return model.PlanFor(observed).Arrange(values);
        }
        catch (ServingException exception)
        {
            throw V2Errors.Invalid(request.Id, exception.Message.Replace("unable to load model", "the request does not fit model", StringComparison.Ordinal)
                .Replace("configuration expects", "the request has", StringComparison.Ordinal));
        }
    }

    private static void CheckNames(V2Request request)
    {
        for (var i = 1; i < request.Inputs.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (request.Inputs[i].Name == request.Inputs[j].Name)
                    throw V2Errors.Invalid(request.Id, $"input '{request.Inputs[i].Name}' already exists in request");
            }
        }
    }

    private static void CheckCount(ModelConfig config, V2Request request)
    {
        var required = 0;
        for (var i = 0; i < config.Input.Count; i++)
            required += config.Input[i].Optional ? 0 : 1;
        var count = request.Inputs.Count;
        if (count >= required && count <= config.Input.Count)
            return;
        throw count < required ? Missing(config, request)
            : V2Errors.Invalid(request.Id, $"expected {Expected(config)} but got {count} inputs for model '{config.Name}'. Got input(s) [{Names(request)}]");
    }

    private static ServingException Missing(ModelConfig config, V2Request request)
    {
        var missing = config.Input.Where(input => !input.Optional && request.Inputs.All(given => given.Name != input.Name)).Select(static input => $"'{input.Name}'");
        return V2Errors.Invalid(request.Id, $"expected {Expected(config)} but got {request.Inputs.Count} inputs for model '{config.Name}'. "
            + $"Got input(s) [{Names(request)}], but missing required input(s) [{string.Join(',', missing)}]. Please provide all required input(s).");
    }

    private static string Expected(ModelConfig config)
    {
        var required = config.Input.Count(static input => !input.Optional);
        return required == config.Input.Count ? $"{required} inputs" : $"number of inputs between {required} and {config.Input.Count}";
    }

    private static string Names(V2Request request) => string.Join(',', request.Inputs.Select(static input => $"'{input.Name}'"));

    private static void CheckShape(ModelConfig config, ModelInput expected, in V2Input input, string id, ref long? batch)
    {
        var skip = config.HasBatchDimension ? 1 : 0;
        if (skip > 0)
            CheckBatch(config, input, id, ref batch);
        var dims = expected.Dims;
        var fits = input.Shape.Length == dims.Count + skip;
        for (var i = 0; fits && i < dims.Count; i++)
            fits = dims[i] == -1 || dims[i] == input.Shape[i + skip];
        if (fits)
            return;
        var wanted = skip > 0 ? dims.Prepend(-1) : dims;
        throw V2Errors.Invalid(id, $"unexpected shape for input '{input.Name}' for model '{config.Name}'. "
            + $"Expected [{string.Join(',', wanted)}], got [{string.Join(',', input.Shape)}]. {(skip > 0 ? BatchNote : "")}".TrimEnd());
    }

    private static void CheckBatch(ModelConfig config, in V2Input input, string id, ref long? batch)
    {
        if (input.Shape.Length == 0)
            throw V2Errors.Invalid(id, $"input '{input.Name}' has no shape but model requires batch dimension for '{config.Name}'");
        var rows = input.Shape[0];
        if (batch is { } others && others != rows)
            throw V2Errors.Invalid(id, $"input '{input.Name}' batch size does not match other inputs for '{config.Name}'");
        if (rows > config.MaxBatchSize)
            throw V2Errors.Invalid(id, $"inference request batch-size must be <= {config.MaxBatchSize} for '{config.Name}'");
        batch = rows;
    }

    private static int IndexOf(IReadOnlyList<ModelInput> inputs, string name)
    {
        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].Name == name)
                return i;
        }

        return -1;
    }

    private static int IndexOf(IReadOnlyList<InputSlot> inputs, string name)
    {
        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].Name == name)
                return i;
        }

        return -1;
    }
}
