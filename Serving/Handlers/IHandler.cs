using Granary.Torch;

namespace Granary.Serving.Handlers;

/// <summary>
/// A step before and after <c>forward</c>, next to the module: what travels to it is what the caller sent, an encoded image say, and not
/// the tensor that is made of it. One object serves all calls of an activation; members are safe for concurrent use and synchronous.
/// </summary>
internal interface IHandler
{
    /// <summary>Makes the arguments of the module, or of the next handler, out of those of a request.</summary>
    /// <param name="inputs">Stay the caller's.</param>
    /// <returns>
    /// <paramref name="inputs"/> itself when there is nothing to do. Else every value in it is one of the inputs or is given away:
    /// a container that is made holds nothing of the inputs (see <see cref="ValueSharing.Share"/>).
    /// </returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/> and others: the request fails.</exception>
    IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs) => inputs;

    /// <summary>The same, with a note for the answer to the same request.</summary>
    /// <param name="inputs">Stay the caller's.</param>
    /// <param name="note">What <see cref="Postprocess(Value, object?)"/> gets; holds no tensors.</param>
    IReadOnlyList<Argument> Preprocess(IReadOnlyList<Argument> inputs, out object? note)
    {
        note = null;
        return Preprocess(inputs);
    }

    /// <summary>Whether <see cref="PreprocessAsync"/> is to be called instead, because it waits for others. Default false.</summary>
    bool IsAsynchronous => false;

    /// <summary>As <see cref="Preprocess(IReadOnlyList{Argument})"/>, of a handler that <see cref="IsAsynchronous"/>.</summary>
    /// <param name="inputs">Stay the caller's; read until the task ended.</param>
    /// <param name="cancellation">Gives up.</param>
    ValueTask<IReadOnlyList<Argument>> PreprocessAsync(IReadOnlyList<Argument> inputs, CancellationToken cancellation) => new(Preprocess(inputs));

    /// <summary>Makes the answer out of what the module, or the next handler, returned.</summary>
    /// <param name="result">Stays the caller's, who keeps it alive for as long as the answer.</param>
    /// <returns><paramref name="result"/> itself, a part of it, or a value that is given away.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.ModelFailed"/>: the result is not what the handler can work on.</exception>
    Value Postprocess(Value result) => result;

    /// <summary>The same, with the note that the request left.</summary>
    Value Postprocess(Value result, object? note) => Postprocess(result);
}
