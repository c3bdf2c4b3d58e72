using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Handlers;

/// <summary>The handlers of one model: before <c>forward</c> in the order of the definition, after it in the reverse order.</summary>
internal sealed class HandlerChain
{
    private readonly IHandler[] _handlers;

    public HandlerChain(IReadOnlyList<IHandler> handlers)
    {
        _handlers = [.. handlers];
    }

    /// <summary>The chain of a definition; null when it has none, so that such models pay one comparison.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: every fault in one message.</exception>
    public static HandlerChain? Create(ModelDefinition definition)
    {
        if (definition.Handlers.Count == 0)
            return null;
        var faults = new List<string>();
        var handlers = HandlerRegistry.Create(definition, faults);
        if (faults.Count > 0)
            throw new ServingException(ServingError.InvalidArgument, $"the handlers of model '{definition.Key}' are not valid: {string.Join("; ", faults)}");
        return handlers.Count == 0 ? null : new HandlerChain(handlers);
    }

    /// <summary>The arguments of the module.</summary>
    /// <param name="inputs">Stay the caller's.</param>
    /// <param name="made">Gets what was made on the way; the caller disposes it after the call, and also when this throws.</param>
    public IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs, List<Value> made)
    {
        var current = inputs;
        foreach (var handler in _handlers)
        {
            var next = handler.Preprocess(current);
            if (!ReferenceEquals(next, current))
                Collect(next, current, made);
            current = next;
        }

        return current;
    }

    /// <summary>The answer.</summary>
    /// <param name="result">Stays the caller's.</param>
    /// <param name="made">Gets what was made on the way, to which the answer may refer: disposed with it, and also when this throws.</param>
    public Value Postprocess(Value result, List<Value> made)
    {
        for (var i = _handlers.Length - 1; i >= 0; i--)
        {
            var next = _handlers[i].Postprocess(result);
            if (!ReferenceEquals(next, result))
                made.Add(next);
            result = next;
        }

        return result;
    }

    private static void Collect(IReadOnlyList<Argument> next, IReadOnlyList<Argument> before, List<Value> made)
    {
        foreach (var argument in next)
        {
            if (!Holds(before, argument.Value))
                made.Add(argument.Value);
        }
    }

    private static bool Holds(IReadOnlyList<Argument> arguments, Value value)
    {
        foreach (var argument in arguments)
        {
            if (ReferenceEquals(argument.Value, value))
                return true;
        }

        return false;
    }
}
