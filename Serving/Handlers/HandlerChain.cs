using Granary.Serving.Activations;
using Granary.Serving.Embeddings;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Handlers;

/// <summary>The handlers of one model: before <c>forward</c> in the order of the definition, after it in the reverse order.</summary>
internal sealed class HandlerChain
{
    private readonly IHandler[] _handlers;

    /// <summary>Whether one of them waits for others, so that <see cref="PreprocessAsync"/> must be called.</summary>
    public bool IsAsynchronous { get; }

    public HandlerChain(IReadOnlyList<IHandler> handlers)
    {
        _handlers = [.. handlers];
        IsAsynchronous = _handlers.Any(static handler => handler.IsAsynchronous);
    }

    /// <summary>The chain of a definition; null when it has none, so that such models pay one comparison.</summary>
    /// <param name="definition">Of the model.</param>
    /// <param name="model">The module that the handlers stand around; null to check the definition only.</param>
    /// <param name="embeddings">Tables of embeddings; null where there are none.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: every fault in one message.</exception>
    public static HandlerChain? Create(ModelDefinition definition, ILoadedModel? model = null, IEmbeddings? embeddings = null)
    {
        if (definition.Handlers.Count == 0)
            return null;
        var faults = new List<string>();
        var handlers = HandlerRegistry.Create(new HandlerContext(definition, model, embeddings), faults);
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

    /// <summary>As <see cref="Preprocess"/>, where a handler waits for others.</summary>
    /// <param name="inputs">Stay the caller's.</param>
    /// <param name="made">As there.</param>
    /// <param name="notes">Gets what each handler wants to know again; as long as there are handlers.</param>
    /// <param name="cancellation">Gives up.</param>
    public async ValueTask<IReadOnlyList<Argument>> PreprocessAsync(IReadOnlyList<Argument> inputs, List<Value> made, object?[] notes, CancellationToken cancellation)
    {
        var current = inputs;
        for (var i = 0; i < _handlers.Length; i++)
        {
            var next = _handlers[i].IsAsynchronous ? await _handlers[i].PreprocessAsync(current, cancellation) : _handlers[i].Preprocess(current, out notes[i]);
            if (!ReferenceEquals(next, current))
                Collect(next, current, made);
            current = next;
        }

        return current;
    }

    /// <summary>Room for <see cref="PreprocessAsync"/>.</summary>
    public object?[] MakeNotes() => new object?[_handlers.Length];

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
