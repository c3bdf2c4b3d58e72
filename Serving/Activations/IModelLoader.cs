using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Activations;

/// <summary>Turns a definition into a module in memory: fetches the weights, sniffs the format, reads it onto its device.</summary>
public interface IModelLoader
{
    /// <summary>Loads one module. Not cached: every call loads anew.</summary>
    /// <exception cref="ServingException">The weights cannot be had or cannot be loaded.</exception>
    Task<ILoadedModel> LoadAsync(ModelDefinition definition, CancellationToken cancellation);
}

/// <summary>A module in memory. <see cref="Invoke"/> may be called from many threads at once.</summary>
public interface ILoadedModel : IDisposable
{
    /// <summary>Methods with their signatures.</summary>
    IReadOnlyList<MethodSchema> Methods { get; }

    /// <summary><c>cpu</c> or <c>cuda:N</c>.</summary>
    string Device { get; }

    /// <summary>SHA-256 of the file, lower-case hex.</summary>
    string Sha256 { get; }

    /// <summary>Bytes of parameters and buffers.</summary>
    long ParameterBytes { get; }

    /// <summary>The files that the handlers of the definition asked for, by name; the model forgets them.</summary>
    IReadOnlyDictionary<string, byte[]> TakeFiles() => System.Collections.ObjectModel.ReadOnlyDictionary<string, byte[]>.Empty;

    /// <summary>One synchronous call; blocks the thread for as long as the model runs.</summary>
    /// <param name="method">Such as <c>forward</c>.</param>
    /// <param name="arguments">Positional ones first, then named ones; read only until this returns.</param>
    /// <param name="deterministic">The same bits every time: one thread, no optimisation that changes values.</param>
    /// <exception cref="TorchException">The arguments do not fit or the model failed.</exception>
    ForwardResult Invoke(string method, ReadOnlySpan<Argument> arguments, bool deterministic);
}
