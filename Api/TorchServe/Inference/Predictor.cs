using System.Collections.Concurrent;
using Granary.Serving.Clusters;
using Granary.Serving.Formats.Archives;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Handlers;
using Granary.Serving.Models;
using Granary.Torch;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe.Inference;

/// <summary>Runs models for both transports: inputs in, the value of the answer out.</summary>
internal sealed class Predictor(TorchServeModels models, IServedModels served, IModelCluster cluster, IOptions<TorchServeOptions> options)
{
    private readonly bool _decode = options.Value.DecodeInputRequest;
    private readonly ConcurrentDictionary<ModelKey, (ModelDefinition Definition, ModelInput Input)> _inputs = new();

    /// <summary>The version to run.</summary>
    /// <param name="name">The model.</param>
    /// <param name="version">Null for the default one.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="TorchServeException">404, or 503 when it was scaled to nothing.</exception>
    public async ValueTask<ModelDefinition> FindAsync(string name, string? version, CancellationToken cancellation)
    {
        var definition = await models.RequireAsync(name, version, cancellation);
        return definition.HasNoWorkers() ? throw TorchServeException.NoWorker(name, version) : definition;
    }

    /// <summary>What reads inputs of a model without handlers; null for one with handlers.</summary>
    public ValueTask<ModelInput?> InputAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        if (definition.Handlers.Count > 0)
            return new(default(ModelInput));
        if (_inputs.TryGetValue(definition.Key, out var known) && ReferenceEquals(known.Definition, definition))
            return new(known.Input);
        return ReadAsync(definition, cancellation);
    }

    /// <summary>The arguments of the one body of a request.</summary>
    public IReadOnlyList<Argument> Read(ModelDefinition definition, ModelInput? input, ReadOnlySpan<byte> body, string? contentType) =>
        input is null ? [new Argument(null, HandlerInput.Create("body", body, contentType, Decodes(definition)))] : input.Read(body, contentType);

    /// <summary>The arguments of a request of parts.</summary>
    public IReadOnlyList<Argument> Read(ModelDefinition definition, ModelInput? input, IReadOnlyList<RequestPart> parts) =>
        input is null ? [new Argument(null, HandlerInput.Create(parts, Decodes(definition)))] : input.Read(parts);

    /// <summary>Runs a model.</summary>
    /// <param name="definition">Which one.</param>
    /// <param name="arguments">Are disposed.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What the caller disposes.</returns>
    public async ValueTask<InferenceResult> RunAsync(ModelDefinition definition, IReadOnlyList<Argument> arguments, CancellationToken cancellation)
    {
        try
        {
            var seconds = definition.Number(ArchiveAnnotations.ResponseTimeout, 0);
            return await cluster.InferAsync(definition.Key, new InferenceRequest { Inputs = arguments, Timeout = seconds > 0 ? TimeSpan.FromSeconds(seconds) : null }, cancellation);
        }
        finally
        {
            for (var i = 0; i < arguments.Count; i++)
                arguments[i].Value.Dispose();
        }
    }

    // Persia's batches as JSON hold lists of ids that make no tensor; its handler reads them itself.
    private bool Decodes(ModelDefinition definition) => _decode && !definition.HasHandler(HandlerNames.Persia);

    private async ValueTask<ModelInput?> ReadAsync(ModelDefinition definition, CancellationToken cancellation)
    {
        var input = new ModelInput(await served.GetAsync(definition.Name, definition.Version, cancellation));
        _inputs[definition.Key] = (definition, input);
        return input;
    }
}
