namespace Granary.Api.Security;

/// <summary>The parts of the Open Inference protocol that can be restricted on their own, named as Triton names them.</summary>
internal enum ApiGroup
{
    Health,
    Metadata,
    Inference,
    SharedMemory,
    ModelConfig,
    ModelRepository,
    Statistics,
    Trace,
    Logging,
}
