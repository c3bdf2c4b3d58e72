using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Models;
using Granary.Torch;

namespace Granary.Serving.Formats.Triton.Naming;

/// <summary>
/// Fills the inputs and outputs of a configuration that has none from the module's own signature: names, count and what is a
/// string. TorchScript says neither element type nor shape of a tensor: until a request was seen they are <c>TYPE_FP32</c> and
/// <c>[ -1 ]</c>, and nothing may be refused because of them.
/// </summary>
public static class SchemaConfig
{
    private static readonly long[] AnyDims = [-1];

    /// <summary>The configuration with the inputs and outputs of a method where it has none of its own.</summary>
    public static ModelConfig Complete(ModelConfig config, MethodSchema schema)
    {
        var input = config.Input.Count > 0 ? config.Input : Inputs(schema);
        var output = config.Output.Count > 0 ? config.Output : Outputs(TorchType.Parse(schema.ReturnType));
        return config with { Input = input, Output = output };
    }

    /// <summary>The configuration with the tensors of a request and its answer; empty lists change nothing.</summary>
    public static ModelConfig Learn(ModelConfig config, IReadOnlyList<ObservedTensor> inputs, IReadOnlyList<ObservedTensor> outputs) => config with
    {
        Input = inputs.Count == 0 ? config.Input : [.. inputs.Select(tensor => new ModelInput { Name = tensor.Name, DataType = tensor.DataType, Dims = Dims(tensor.Shape, config.HasBatchDimension) })],
        Output = outputs.Count == 0 ? config.Output : [.. outputs.Select(tensor => new ModelOutput { Name = tensor.Name, DataType = tensor.DataType, Dims = Dims(tensor.Shape, config.HasBatchDimension) })],
    };

    /// <summary>The configuration of a model that has no file: everything from its definition and signature.</summary>
    /// <param name="definition">What the catalog says.</param>
    /// <param name="schema">Its <c>forward</c>; null while it was never loaded.</param>
    /// <param name="host">Where it runs.</param>
    public static ModelConfig Describe(ModelDefinition definition, MethodSchema? schema, HostCapacity host)
    {
        var rows = definition.Batching.MaxBatchSize;
        var config = new ModelConfig
        {
            Name = definition.Name,
            Platform = ModelConfigNormalizer.LibTorchPlatform,
            MaxBatchSize = rows,
            Input = [.. definition.Inputs.Select(spec => new ModelInput { Name = spec.Name, DataType = DataTypes.Of(spec.DType), Dims = Dims(spec, rows) })],
            Output = [.. definition.Outputs.Select(spec => new ModelOutput { Name = spec.Name, DataType = DataTypes.Of(spec.DType), Dims = Dims(spec, rows) })],
            DynamicBatching = rows > 0 ? new ModelDynamicBatching { MaxQueueDelayMicroseconds = (ulong)definition.Batching.MaxQueueDelay.TotalMicroseconds } : null,
            InstanceGroup = definition.Instances == 0 && definition.Device != "cpu" ? [] : [Group(definition, host)],
        };
        return ModelConfigNormalizer.Normalize(schema is null ? config : Complete(config, schema), hasTorchScriptFile: true, host);
    }

    private static ModelInstanceGroup Group(ModelDefinition definition, HostCapacity host) => new()
    {
        Count = definition.Instances == 0 ? host.Cores : definition.Instances,
        Kind = definition.Device == "cpu" ? InstanceKind.Cpu : definition.Device == "auto" ? InstanceKind.Auto : InstanceKind.Gpu,
        Gpus = definition.Device.StartsWith("cuda:", StringComparison.Ordinal) ? [int.Parse(definition.Device.AsSpan(5), null)] : [],
    };

    // One request does not tell a batch from a size: without a batch dimension the first one counts as variable where others follow.
    private static IReadOnlyList<long> Dims(IReadOnlyList<long> shape, bool hasBatch)
    {
        IReadOnlyList<long> dims = hasBatch ? [.. shape.Skip(1)] : shape.Count > 1 ? [-1, .. shape.Skip(1)] : shape;
        return dims.Count == 0 ? [1] : [.. dims.Select(static size => size == 0 ? -1 : size)];
    }

    private static IReadOnlyList<long> Dims(TensorSpec spec, int rows)
    {
        var dims = rows > 0 ? [.. spec.Shape.Skip(1)] : spec.Shape;
        return dims.Count == 0 ? [1] : dims;
    }

    private static List<ModelInput> Inputs(MethodSchema schema)
    {
        var inputs = new List<ModelInput>();
        foreach (var argument in schema.Arguments)
        {
            var type = TorchType.Parse(argument.Type);
            // The keys of a dictionary and the meaning of scalars are not in the signature.
            if (type.IsTensor || type.IsOptionalTensor || type.IsStringList)
            {
                inputs.Add(new ModelInput
                {
                    Name = argument.Name,
                    DataType = type.IsStringList ? DataType.String : DataType.Fp32,
                    Dims = AnyDims,
                    Optional = argument.HasDefault,
                });
            }
        }

        return inputs;
    }

    private static List<ModelOutput> Outputs(TorchType type)
    {
        if (type.Name == "Tuple")
            return [.. type.Parts.Select((part, index) => Output($"OUTPUT__{index}", part))];
        // How many there are, and under which keys, shows with the first answer.
        return type.Name is "Dict" || type.IsTensorList ? [] : [Output("OUTPUT__0", type)];
    }

    private static ModelOutput Output(string name, TorchType type) =>
        new() { Name = name, DataType = type.IsStringList || type.Name == "str" ? DataType.String : DataType.Fp32, Dims = AnyDims };
}
