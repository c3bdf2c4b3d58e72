using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Ensembles;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>One model version as a front end needs it.</summary>
/// <param name="Definition">What the catalog holds.</param>
/// <param name="Config">Its configuration, normalised; inputs and outputs that it does not give come from the module's signature.</param>
/// <param name="Plan">How names become arguments; null when the module's inputs cannot be told without a request.</param>
/// <param name="InputsAreGiven">Whether somebody wrote the inputs down: then requests are checked against them, else they are a guess.</param>
/// <param name="OutputsAreGiven">The same of the outputs.</param>
public sealed record ServedModel(ModelDefinition Definition, ModelConfig Config, ArgumentPlan? Plan, bool InputsAreGiven, bool OutputsAreGiven)
{
    /// <summary>The module's <c>forward</c>; null when it has none.</summary>
    public MethodSchema? Forward { get; init; }

    /// <summary>The steps of an ensemble, which has no module of its own; null for any other model.</summary>
    public EnsemblePlan? Ensemble { get; init; }

    /// <summary>Whether the configuration shows what a request and its answer looked like.</summary>
    public bool WasObserved { get; init; }

    /// <summary>Key of the version.</summary>
    public ModelKey Key => Definition.Key;

    /// <summary>The plan of a request to a model whose inputs nobody wrote down: its own names count, as they would in a configuration.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: they do not fit the module.</exception>
    public ArgumentPlan PlanFor(IReadOnlyList<ObservedTensor> inputs)
    {
        if (Forward is null)
            throw new ServingException(ServingError.InvalidArgument, $"model '{Definition.Name}' has no method 'forward'");
        var named = inputs.Select(static input => new ModelInput { Name = input.Name, DataType = input.DataType }).ToList();
        return ArgumentPlanner.Plan(Config with { Input = named }, Forward);
    }

    /// <summary>Labels of an output; null when it has none.</summary>
    public IReadOnlyList<string>? LabelsOf(string output)
    {
        foreach (var spec in Definition.Outputs)
        {
            if (spec.Name == output)
                return spec.Labels;
        }

        return null;
    }
}

/// <summary>Finds models by name and version for front ends. Safe for concurrent use; what was found before costs no allocation.</summary>
public interface IServedModels
{
    /// <summary>A version's definition.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">Empty for the newest that serves.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/> in Triton's words.</exception>
    ValueTask<ModelDefinition> FindAsync(string name, string version, CancellationToken cancellation = default);

    /// <summary>A version with its configuration and plan; loads it when it was never loaded here.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.NotFound"/> in Triton's words, or why it cannot be loaded.</exception>
    ValueTask<ServedModel> GetAsync(string name, string version, CancellationToken cancellation = default);

    /// <summary>Why a version does not answer requests; null when it does, or when the next request brings it back into memory.</summary>
    /// <param name="definition">As found. An ensemble needs all of its models.</param>
    /// <param name="cancellation">Gives up.</param>
    ValueTask<string?> WhyNotReadyAsync(ModelDefinition definition, CancellationToken cancellation = default);

    /// <summary>Names of the models that front ends may show, sorted.</summary>
    ValueTask<IReadOnlyList<string>> NamesAsync(CancellationToken cancellation = default);

    /// <summary>Notes what a request and its answer looked like: from then on a configuration that nobody wrote shows it. Nothing is changed where somebody did.</summary>
    /// <param name="model">The model that was asked; does nothing when the catalog holds another by now.</param>
    /// <param name="inputs">Tensors of the request, in its order.</param>
    /// <param name="outputs">Tensors of the answer, in its order.</param>
    void Observe(ServedModel model, IReadOnlyList<ObservedTensor> inputs, IReadOnlyList<ObservedTensor> outputs);
}
