using Granary.Serving.Clusters;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Activations;

/// <summary>Checks a request against the definition and the module's schema before it reaches native code.</summary>
internal sealed class RequestChecker
{
    private readonly ModelKey _key;
    private readonly MethodPlan[] _methods;

    public RequestChecker(ModelDefinition definition, IReadOnlyList<MethodSchema> methods)
    {
        _key = definition.Key;
        _methods = methods.Select(method => new MethodPlan(method, method.Name == "forward" ? definition.Inputs : [])).ToArray();
    }

    /// <summary>The plan of a method; null when the module has none of that name.</summary>
    public MethodPlan? Find(string method)
    {
        foreach (var plan in _methods)
        {
            if (plan.Schema.Name == method)
                return plan;
        }

        return null;
    }

    /// <summary>The arguments as the module wants them: the request's own list, or a copy in which the definition's names became positions' names.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the module has no such method, or it takes other arguments.</exception>
    public IReadOnlyList<Argument> Bind(InferenceRequest request)
    {
        var plan = Find(request.Method) ?? throw new ServingException(ServingError.InvalidArgument,
            $"model '{_key}' has no method '{request.Method}'; it has {string.Join(", ", _methods.Select(method => method.Schema.Name))}");
        var count = plan.Schema.Arguments.Count;
        Span<bool> given = count <= 128 ? stackalloc bool[count] : new bool[count];
        given.Clear();
        var renamed = Assign(plan, request.Inputs, given);
        for (var i = 0; i < count; i++)
        {
            if (!given[i] && !plan.Schema.Arguments[i].HasDefault)
                throw Wrong(plan, $"argument '{plan.Schema.Arguments[i].Name}' ({plan.Schema.Arguments[i].Type}) is missing");
        }

        return renamed ?? request.Inputs;
    }

    /// <summary>
    /// The arguments in the method's own order, without names as far as their places tell, so that requests which name them and
    /// requests which do not can be compared. The same list when it is so already.
    /// </summary>
    public IReadOnlyList<Argument> InOrder(string method, IReadOnlyList<Argument> arguments)
    {
        var plan = Find(method)!;
        var given = new Argument?[plan.Schema.Arguments.Count];
        var named = false;
        for (var i = 0; i < arguments.Count; i++)
        {
            named |= arguments[i].Name is not null;
            given[arguments[i].Name is { } name ? plan.IndexOf(name) : i] = arguments[i];
        }

        if (!named)
            return arguments;
        var ordered = new Argument[arguments.Count];
        var count = 0;
        for (var i = 0; i < given.Length; i++)
        {
            if (given[i] is { } argument)
                ordered[count] = argument with { Name = count++ == i ? null : plan.Schema.Arguments[i].Name };
        }

        return ordered;
    }

    private Argument[]? Assign(MethodPlan plan, IReadOnlyList<Argument> inputs, Span<bool> given)
    {
        Argument[]? renamed = null;
        var named = false;
        var span = inputs.AsSpan();
        if (span.Length > given.Length)
            throw Wrong(plan, $"it takes {Count(given.Length)}, got {span.Length}");
        for (var i = 0; i < span.Length; i++)
        {
            var index = i;
            if (span[i].Name is { } name)
            {
                named = true;
                index = plan.IndexOf(name);
                if (index < 0 && (index = plan.IndexOfWireName(name)) >= 0)
                    renamed = Rename(renamed, inputs, i, plan.Schema.Arguments[index].Name);
                if (index < 0)
                    throw Wrong(plan, $"there is no argument '{name}'; it takes {Names(plan)}");
            }
            else if (named)
            {
                throw Wrong(plan, $"argument {i + 1} has no name although one before it has; put those without a name first");
            }

            if (given[index])
                throw Wrong(plan, $"argument '{plan.Schema.Arguments[index].Name}' is given twice");
            given[index] = true;
            CheckValue(plan, index, span[i].Value);
        }

        return renamed;
    }

    private void CheckValue(MethodPlan plan, int index, Value value)
    {
        var argument = plan.Schema.Arguments[index];
        if (value is not Tensor tensor)
        {
            if (argument.Type == "Tensor")
                throw Wrong(plan, $"argument '{argument.Name}' must be a Tensor, got {value.Kind}");
            return;
        }

        if (plan.Specs[index] is not { } spec)
            return;
        if (tensor.DType != spec.DType)
            throw Wrong(plan, $"input '{spec.Name}' has dtype {tensor.DType.TorchName()}, expected {spec.DType.TorchName()}");
        if (!Fits(tensor.Shape, spec.Shape))
            throw Wrong(plan, $"input '{spec.Name}' has shape [{string.Join(',', tensor.Shape.ToArray())}], expected [{string.Join(',', spec.Shape)}]");
    }

    private static bool Fits(ReadOnlySpan<long> shape, IReadOnlyList<long> expected)
    {
        if (shape.Length != expected.Count)
            return false;
        for (var i = 0; i < shape.Length; i++)
        {
            if (expected[i] != shape[i] && expected[i] != -1)
                return false;
        }

        return true;
    }

    private static Argument[] Rename(Argument[]? renamed, IReadOnlyList<Argument> inputs, int index, string name)
    {
        renamed ??= inputs.ToArray();
        renamed[index] = renamed[index] with { Name = name };
        return renamed;
    }

    private static string Count(int arguments) => arguments == 1 ? "1 argument" : $"{arguments} arguments";

    private static string Names(MethodPlan plan) => plan.Schema.Arguments.Count == 0
        ? "none"
        : string.Join(", ", plan.Schema.Arguments.Select(argument => $"'{argument.Name}'"));

    private ServingException Wrong(MethodPlan plan, string what) =>
        new(ServingError.InvalidArgument, $"'{plan.Schema.Name}' of model '{_key}': {what}");
}
