using Granary.Serving.Formats.Triton.Config;

namespace Granary.Serving.Formats.Triton.Ensembles;

/// <summary>A tensor of a step's model and the tensor of the ensemble that it is.</summary>
/// <param name="Name">As the step's model calls it.</param>
/// <param name="Tensor">Index in <see cref="EnsemblePlan.Tensors"/>.</param>
public readonly record struct EnsembleTensor(string Name, int Tensor);

/// <summary>One step.</summary>
/// <param name="Model">The model to call.</param>
/// <param name="Version">Decimal; empty for the newest that serves.</param>
/// <param name="Inputs">What it reads, by the names of its inputs.</param>
/// <param name="Outputs">What it writes, by the names of its outputs.</param>
public sealed record EnsembleStage(string Model, string Version, IReadOnlyList<EnsembleTensor> Inputs, IReadOnlyList<EnsembleTensor> Outputs);

/// <summary>
/// The steps of an ensemble as a graph over numbered tensors. The configuration was checked when it was loaded: every tensor is
/// written once, and the steps can be put in an order.
/// </summary>
public sealed class EnsemblePlan
{
    private readonly Dictionary<string, int> _indices = new(StringComparer.Ordinal);
    private readonly List<string> _tensors = [];
    private readonly int[] _writers;
    private readonly SemaphoreSlim?[] _places;

    private EnsemblePlan(ModelConfig config, ModelEnsembling scheduling)
    {
        foreach (var input in config.Input)
            Add(input.Name);
        Stages = [.. scheduling.Step.Select(step => new EnsembleStage(step.ModelName, EnsemblePart.Of(step).Version, Join(step.InputMap), Join(step.OutputMap)))];
        foreach (var output in config.Output)
            Add(output.Name);
        _places = [.. Stages.Select(_ => scheduling.MaxInflightRequests == 0 ? null : new SemaphoreSlim((int)Math.Min(scheduling.MaxInflightRequests, int.MaxValue)))];
        _writers = new int[_tensors.Count];
        Array.Fill(_writers, -1);
        for (var i = 0; i < Stages.Count; i++)
        {
            foreach (var output in Stages[i].Outputs)
                _writers[output.Tensor] = i;
        }
    }

    /// <summary>Names of the tensors: inputs, what steps exchange, outputs.</summary>
    public IReadOnlyList<string> Tensors => _tensors;

    /// <summary>In the configuration's order.</summary>
    public IReadOnlyList<EnsembleStage> Stages { get; }

    /// <summary>The plan of an ensemble's configuration; null for any other.</summary>
    public static EnsemblePlan? Of(ModelConfig config) => config.EnsembleScheduling is { } scheduling ? new EnsemblePlan(config, scheduling) : null;

    /// <summary>Places of a stage for the requests of all callers, <c>max_inflight_requests</c> of them; null for any number.</summary>
    public SemaphoreSlim? PlacesOf(int stage) => _places[stage];

    /// <summary>Index of a tensor; -1 when there is none of that name.</summary>
    public int IndexOf(string tensor) => _indices.GetValueOrDefault(tensor, -1);

    /// <summary>The stages that the given tensors need, by index.</summary>
    public bool[] StagesFor(IEnumerable<int> tensors)
    {
        var needed = new bool[Stages.Count];
        var open = new Stack<int>(tensors);
        while (open.TryPop(out var tensor))
        {
            var writer = WriterOf(tensor);
            if (writer < 0 || needed[writer])
                continue;
            needed[writer] = true;
            foreach (var input in Stages[writer].Inputs)
                open.Push(input.Tensor);
        }

        return needed;
    }

    /// <summary>The stage that writes a tensor; -1 for inputs of the ensemble.</summary>
    public int WriterOf(int tensor) => _writers[tensor];

    // By name, so that the same configuration always makes the same calls.
    private List<EnsembleTensor> Join(IReadOnlyDictionary<string, string> map) =>
        [.. map.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(pair => new EnsembleTensor(pair.Key, Add(pair.Value)))];

    private int Add(string tensor)
    {
        if (_indices.TryGetValue(tensor, out var index))
            return index;
        _indices[tensor] = _tensors.Count;
        _tensors.Add(tensor);
        return _tensors.Count - 1;
    }
}
