using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Repository;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Triton.Ensembles;

/// <summary>
/// Checks an ensemble against the models that it needs, all faults at once, in Triton's words. What nobody wrote down of a model is a
/// guess, and nothing is refused because of it. Source: triton-inference-server/core, <c>src/ensemble_scheduler/ensemble_utils.cc</c>.
/// </summary>
internal sealed class EnsembleChecker(IModelCatalog catalog, IServedModels models)
{
    /// <summary>Does nothing when the ensemble can run.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: why it cannot.</exception>
    public async Task CheckAsync(ModelConfig config, CancellationToken cancellation)
    {
        var faults = new List<string>();
        var parts = new Dictionary<EnsemblePart, ServedModel>();
        foreach (var part in EnsembleParts.PartsOf(config))
        {
            if (await CircleAsync([config.Name, part.Name], cancellation) is { } circle)
                faults.Add($"circular dependency between ensembles: {string.Join(" -> ", circle)}");
            else if (await FindAsync(config.Name, part, faults, cancellation) is { } served)
                parts[part] = served;
        }

        if (faults.Count == 0)
            CheckTensors(config, parts, faults);
        if (faults.Count > 0)
            throw new ServingException(ServingError.InvalidArgument, string.Join("; ", faults));
    }

    private async Task<ServedModel?> FindAsync(string ensemble, EnsemblePart part, List<string> faults, CancellationToken cancellation)
    {
        try
        {
            return await models.GetAsync(part.Name, part.Version, cancellation);
        }
        catch (ServingException exception)
        {
            faults.Add(exception.Error == ServingError.NotFound
                ? part.Missing(ensemble)
                : $"ensemble '{ensemble}' depends on '{part.Name}' which is not valid. Model '{part.Name}' failed with error: {exception.Message}");
            return null;
        }
    }

    /// <summary>The way from the first name back to it; null when there is none.</summary>
    private async Task<IReadOnlyList<string>?> CircleAsync(IReadOnlyList<string> path, CancellationToken cancellation)
    {
        if (path[^1] == path[0])
            return path;
        foreach (var version in (await catalog.FindAsync(path[^1], cancellation))?.Versions ?? [])
        {
            foreach (var part in EnsembleParts.PartsOf(version).Where(part => !path.Skip(1).Contains(part.Name)))
            {
                if (await CircleAsync([.. path, part.Name], cancellation) is { } circle)
                    return circle;
            }
        }

        return null;
    }

    private static void CheckTensors(ModelConfig config, Dictionary<EnsemblePart, ServedModel> parts, List<string> faults)
    {
        var known = new Dictionary<string, TensorNode>(StringComparer.Ordinal);
        foreach (var input in config.Input)
            known[input.Name] = new TensorNode(config, input.DataType, input.Reshape?.Shape ?? input.Dims);
        foreach (var output in config.Output)
            known.TryAdd(output.Name, new TensorNode(config, output.DataType, output.Reshape?.Shape ?? output.Dims));
        foreach (var step in config.EnsembleScheduling!.Step)
        {
            var part = parts[EnsemblePart.Of(step)];
            if (part.Config.MaxBatchSize != 0 && part.Config.MaxBatchSize < config.MaxBatchSize)
            {
                faults.Add($"ensemble {config.Name} allows maximum batch size {config.MaxBatchSize}, but it contains model {step.ModelName} "
                    + $"which only allows maximum batch size to be {part.Config.MaxBatchSize}");
            }

            var where = $"in ensemble {config.Name}, ";
            // Handlers take what they like, such as encoded images.
            if (part.InputsAreGiven && part.Definition.Handlers.Count == 0)
                CheckInputs(where, step, part.Config, known, faults);
            if (part.OutputsAreGiven)
                CheckOutputs(where, step, part.Config, known, faults);
        }
    }

    private static void CheckInputs(string where, EnsembleStep step, ModelConfig part, Dictionary<string, TensorNode> known, List<string> faults)
    {
        foreach (var (name, tensor) in step.InputMap.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            if (part.Input.FirstOrDefault(input => input.Name == name) is not { } input)
                faults.Add($"{where}ensemble tensor {tensor} is mapping to non-existing input {name} in model {step.ModelName}");
            else
                CheckSame(where, tensor, new TensorNode(part, input.DataType, input.Dims), known, faults);
        }

        foreach (var input in part.Input.Where(input => !input.Optional && !step.InputMap.ContainsKey(input.Name)))
            faults.Add($"{where}input {input.Name} in model {part.Name} is not mapped to any ensemble tensors");
    }

    private static void CheckOutputs(string where, EnsembleStep step, ModelConfig part, Dictionary<string, TensorNode> known, List<string> faults)
    {
        foreach (var (name, tensor) in step.OutputMap.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            if (part.Output.FirstOrDefault(output => output.Name == name) is not { } output)
                faults.Add($"{where}ensemble tensor {tensor} is mapped from non-existing output {name} in model {step.ModelName}");
            else
                CheckSame(where, tensor, new TensorNode(part, output.DataType, output.Dims), known, faults);
        }
    }

    private static void CheckSame(string where, string tensor, TensorNode node, Dictionary<string, TensorNode> known, List<string> faults)
    {
        if (known.TryAdd(tensor, node))
            return;
        var before = known[tensor];
        if (before.Type != node.Type)
            faults.Add($"{where}ensemble tensor {tensor}: inconsistent data type: {before.TypeName} is inferred from model {before.Model} while {node.TypeName} is inferred from model {node.Model}");
        else if (!Match(before.Dims, node.Dims) && !Match(before.FullDims, node.FullDims))
            faults.Add($"{where}ensemble tensor {tensor}: inconsistent shape: {Show(before.FullDims)} is inferred from model {before.Model} while {Show(node.FullDims)} is inferred from model {node.Model}");
    }

    // What is variable on one side shows with a request.
    private static bool Match(IReadOnlyList<long> left, IReadOnlyList<long> right)
    {
        if (left.Count != right.Count)
            return false;
        for (var i = 0; i < left.Count; i++)
        {
            if (left[i] != right[i] && left[i] != -1 && right[i] != -1)
                return false;
        }

        return true;
    }

    private static string Show(IReadOnlyList<long> dims) => $"[{string.Join(',', dims)}]";

    private sealed class TensorNode(ModelConfig model, DataType type, IReadOnlyList<long> dims)
    {
        public string Model { get; } = model.Name;

        public DataType Type { get; } = type;

        public string TypeName => $"TYPE_{Type.ToString().ToUpperInvariant()}";

        public IReadOnlyList<long> Dims { get; } = dims;

        public IReadOnlyList<long> FullDims { get; } = model.HasBatchDimension ? [-1, .. dims] : dims;
    }
}
