namespace Granary.Grains.Interfaces.Contracts;

[RegisterConverter]
internal sealed class ModelDefinitionConverter : IConverter<ModelDefinition, ModelDefinitionSurrogate>
{
    public ModelDefinition ConvertFromSurrogate(in ModelDefinitionSurrogate surrogate) => new()
    {
        Name = surrogate.Name,
        Version = surrogate.Version,
        Source = surrogate.Source,
        Sha256 = surrogate.Sha256,
        Inputs = surrogate.Inputs,
        Outputs = surrogate.Outputs,
        Device = surrogate.Device,
        Instances = surrogate.Instances,
        MaxQueueSize = surrogate.MaxQueueSize,
        Batching = surrogate.Batching,
        IdleTimeout = surrogate.IdleTimeout,
        Pinned = surrogate.Pinned,
        Optimize = surrogate.Optimize,
        RequireTorchScript = surrogate.RequireTorchScript,
        Trusted = surrogate.Trusted,
        Description = surrogate.Description,
        MemoryBytes = surrogate.MemoryBytes,
        Annotations = surrogate.Annotations ?? [],
        Handlers = surrogate.Handlers ?? [],
        IntraOpThreads = surrogate.IntraOpThreads,
        ResponseCache = surrogate.ResponseCache,
    };

    public ModelDefinitionSurrogate ConvertToSurrogate(in ModelDefinition value) => new()
    {
        Name = value.Name,
        Version = value.Version,
        Source = value.Source,
        Sha256 = value.Sha256,
        Inputs = [.. value.Inputs],
        Outputs = [.. value.Outputs],
        Device = value.Device,
        Instances = value.Instances,
        MaxQueueSize = value.MaxQueueSize,
        Batching = value.Batching,
        IdleTimeout = value.IdleTimeout,
        Pinned = value.Pinned,
        Optimize = value.Optimize,
        RequireTorchScript = value.RequireTorchScript,
        Trusted = value.Trusted,
        Description = value.Description,
        MemoryBytes = value.MemoryBytes,
        Annotations = value.Annotations.ToDictionary(),
        Handlers = [.. value.Handlers],
        IntraOpThreads = value.IntraOpThreads,
        ResponseCache = value.ResponseCache,
    };
}
