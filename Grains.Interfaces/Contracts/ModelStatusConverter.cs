namespace Granary.Grains.Interfaces.Contracts;

[RegisterConverter]
internal sealed class ModelStatusConverter : IConverter<ModelStatus, ModelStatusSurrogate>
{
    public ModelStatus ConvertFromSurrogate(in ModelStatusSurrogate surrogate) => new()
    {
        Key = surrogate.Key,
        State = surrogate.State,
        Reason = surrogate.Reason,
        Device = surrogate.Device,
        Sha256 = surrogate.Sha256,
        ResidentBytes = surrogate.ResidentBytes,
        Pinned = surrogate.Pinned,
        Running = surrogate.Running,
        Queued = surrogate.Queued,
        Methods = surrogate.Methods,
        LoadedAt = surrogate.LoadedAt,
        LoadDuration = surrogate.LoadDuration,
        LastUsedAt = surrogate.LastUsedAt,
        Statistics = surrogate.Statistics,
        Silo = surrogate.Silo,
        Replica = surrogate.Replica,
    };

    public ModelStatusSurrogate ConvertToSurrogate(in ModelStatus value) => new()
    {
        Key = value.Key,
        State = value.State,
        Reason = value.Reason,
        Device = value.Device,
        Sha256 = value.Sha256,
        ResidentBytes = value.ResidentBytes,
        Pinned = value.Pinned,
        Running = value.Running,
        Queued = value.Queued,
        Methods = [.. value.Methods],
        LoadedAt = value.LoadedAt,
        LoadDuration = value.LoadDuration,
        LastUsedAt = value.LastUsedAt,
        Statistics = value.Statistics,
        Silo = value.Silo,
        Replica = value.Replica,
    };
}
