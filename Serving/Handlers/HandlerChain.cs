using Granary.Serving.Activations;
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
    /// <param name="definition">Of the model.</param>
    /// <param name="model">The module that the handlers stand around; null to check the definition only.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: every fault in one message.</exception>
    public static HandlerChain? Create(ModelDefinition definition, ILoadedModel? model = null)
    {
        if (definition.Handlers.Count == 0)
            return null;
        var faults = new List<string>();
        var handlers = HandlerRegistry.Create(new HandlerContext(definition, model), faults);
        if (faults.Count > 0)
            throw new ServingException(ServingError.InvalidArgument, $"the handlers of model '{definition.Key}' are not valid: {string.Join("; ", faults)}");
        return handlers.Count == 0 ? null : new HandlerChain(handlers);
    }

    /// <summary>The arguments of the module.</summary>
    /// <param name="inputs">Stay the caller's.</param>
    /// <param name="made">Gets what was made on the way; the caller disposes it after the call, and also when this throws.</param>
    /// <param name="notes">What each handler wants to know again when it makes the answer; null when none does.</param>
    public IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs, List<Value> made, out object?[]? notes)
    {
        notes = null;
        var current = inputs;
        for (var i = 0; i < _handlers.Length; i++)
        {
            var next = _handlers[i].Preprocess(current, out var note);
            if (note is not null)
                (notes ??= new object?[_handlers.Length])[i] = note;
            if (!ReferenceEquals(next, current))
                Collect(next, current, made);
            current = next;
        }

        return current;
    }

    /// <summary>The answer.</summary>
    /// <param name="result">Stays the caller's.</param>
    /// <param name="made">Gets what was made on the way, to which the answer may refer: disposed with it, and also when this throws.</param>
    /// <param name="notes">Of the same request.</param>
    public Value Postprocess(Value result, List<Value> made, object?[]? notes = null)
    {
        for (var i = _handlers.Length - 1; i >= 0; i--)
        {
            var next = _handlers[i].Postprocess(result, notes?[i]);
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
