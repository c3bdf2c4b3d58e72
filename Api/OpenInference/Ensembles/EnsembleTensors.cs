using Granary.Serving.Formats.Triton.Ensembles;

namespace Granary.Api.OpenInference.Ensembles;

/// <summary>
/// The tensors of one request to an ensemble while it runs, by their numbers in the plan. An answer of a step is given back as soon as
/// nobody needs any of its tensors. Not safe for concurrent use: one task runs the request.
/// </summary>
internal sealed class EnsembleTensors : IDisposable
{
    private readonly V2Input?[] _values;
    private readonly Held?[] _owners;
    private readonly int[] _readers;

    /// <summary>Those of a request.</summary>
    /// <param name="plan">The ensemble.</param>
    /// <param name="needed">Its steps that run.</param>
    /// <param name="wanted">Tensors that the answer needs.</param>
    /// <param name="request">Its tensors stay its own.</param>
    public EnsembleTensors(EnsemblePlan plan, bool[] needed, int[] wanted, V2Request request)
    {
        _values = new V2Input?[plan.Tensors.Count];
        _owners = new Held?[plan.Tensors.Count];
        _readers = new int[plan.Tensors.Count];
        foreach (var tensor in wanted)
            _readers[tensor]++;
        for (var i = 0; i < needed.Length; i++)
        {
            foreach (var input in needed[i] ? plan.Stages[i].Inputs : [])
                _readers[input.Tensor]++;
        }

        foreach (var input in request.Inputs)
            _values[plan.IndexOf(input.Name)] = input;
    }

    /// <summary>A tensor; null while nobody wrote it, or for an optional input that the request leaves out.</summary>
    public V2Input? this[int tensor] => _values[tensor];

    /// <summary>Whether anybody still needs a tensor.</summary>
    public bool IsNeeded(int tensor) => _readers[tensor] > 0;

    /// <summary>Takes a step's answer, and lets go of what only this step needed.</summary>
    public void Put(EnsembleStage stage, V2Answer answer)
    {
        var held = new Held(answer);
        foreach (var output in answer.Result.Outputs)
        {
            var tensor = IndexOf(stage, output.Name);
            _values[tensor] = new V2Input(output.Name, output.Datatype, output.Shape, output.ToValue());
            _owners[tensor] = held;
            held.Tensors++;
        }

        foreach (var input in stage.Inputs)
            Release(input.Tensor);
        if (held.Tensors == 0)
            answer.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owner in _owners)
            owner?.Dispose();
    }

    private void Release(int tensor)
    {
        if (--_readers[tensor] > 0)
            return;
        _values[tensor] = null;
        if (_owners[tensor] is { } owner && --owner.Tensors == 0)
            owner.Dispose();
        _owners[tensor] = null;
    }

    private static int IndexOf(EnsembleStage stage, string output)
    {
        foreach (var mapped in stage.Outputs)
        {
            if (mapped.Name == output)
                return mapped.Tensor;
        }

        throw new InvalidOperationException($"model '{stage.Model}' answered with '{output}', which nobody asked for");
    }

    private sealed class Held(V2Answer answer) : IDisposable
    {
        private bool _disposed;

        /// <summary>How many of its tensors somebody needs.</summary>
        public int Tensors { get; set; }

        public void Dispose()
        {
            if (_disposed)
                return;
            _disposed = true;
            answer.Dispose();
        }
    }
}
