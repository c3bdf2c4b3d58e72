namespace Granary.Api.Security;

/// <summary>
/// Parts of the Open Inference protocol that ask for a header. An entry is <c>GROUP,GROUP…:KEY=VALUE</c>; a group may stand in one
/// entry of a list only. Groups: <c>health</c>, <c>metadata</c>, <c>inference</c>, <c>shared-memory</c>, <c>model-config</c>,
/// <c>model-repository</c>, <c>statistics</c>, <c>trace</c>, <c>logging</c>.
/// </summary>
internal sealed class RestrictionOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Granary:Restrictions";

    /// <summary>Of the paths under <c>/v2</c> and <c>/v1</c>; the key is the header. Default none.</summary>
    public IList<string> HttpApis { get; init; } = [];

    /// <summary>Of gRPC; the metadata is <c>triton-grpc-protocol-KEY</c>. Default none.</summary>
    public IList<string> GrpcProtocols { get; init; } = [];
}
