using Microsoft.Extensions.Options;

namespace Granary.Api.Security;

/// <summary>
/// Which groups of the Open Inference protocol ask for a header, by transport. Source of names, form and texts:
/// triton-inference-server/server, docs/customization_guide/inference_protocols.md, Limit Endpoint Access.
/// </summary>
internal sealed class ApiRestrictions(IOptions<RestrictionOptions> options)
{
    /// <summary>Stands before the key in the metadata of gRPC.</summary>
    public const string GrpcPrefix = "triton-grpc-protocol-";

    private static readonly Dictionary<string, ApiGroup> Groups = new(StringComparer.Ordinal)
    {
        ["health"] = ApiGroup.Health,
        ["metadata"] = ApiGroup.Metadata,
        ["inference"] = ApiGroup.Inference,
        ["shared-memory"] = ApiGroup.SharedMemory,
        ["model-config"] = ApiGroup.ModelConfig,
        ["model-repository"] = ApiGroup.ModelRepository,
        ["statistics"] = ApiGroup.Statistics,
        ["trace"] = ApiGroup.Trace,
        ["logging"] = ApiGroup.Logging,
    };

    private readonly Dictionary<ApiGroup, ApiRestriction> _http = Parse(options.Value.HttpApis, "", []);
    private readonly Dictionary<ApiGroup, ApiRestriction> _grpc = Parse(options.Value.GrpcProtocols, GrpcPrefix, []);

    /// <summary>What callers of a group must send over HTTP; null when nothing.</summary>
    public ApiRestriction? OfHttp(ApiGroup group) => _http.GetValueOrDefault(group);

    /// <summary>What callers of a group must send over gRPC; null when nothing.</summary>
    public ApiRestriction? OfGrpc(ApiGroup group) => _grpc.GetValueOrDefault(group);

    /// <summary>Everything that is wrong with a list of entries.</summary>
    public static IReadOnlyList<string> Faults(IEnumerable<string> entries)
    {
        var faults = new List<string>();
        Parse(entries, "", faults);
        return faults;
    }

    private static Dictionary<ApiGroup, ApiRestriction> Parse(IEnumerable<string> entries, string prefix, List<string> faults)
    {
        var parsed = new Dictionary<ApiGroup, ApiRestriction>();
        foreach (var entry in entries)
        {
            var colon = entry.IndexOf(':');
            var equals = colon < 0 ? -1 : entry.IndexOf('=', colon);
            if (colon <= 0 || equals <= colon + 1 || equals == entry.Length - 1)
            {
                // The value is a secret, and where it begins is not known: none of it is repeated.
                faults.Add("is not GROUP,GROUP:KEY=VALUE");
                continue;
            }

            var key = entry[(colon + 1)..equals];
            if (!key.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
                faults.Add($"has the key '{key}'; a header's name has letters, digits, - _ and . only");
            var restriction = new ApiRestriction(prefix + key, entry[(equals + 1)..]);
            foreach (var name in entry[..colon].Split(','))
            {
                if (!Groups.TryGetValue(name, out var group))
                    faults.Add($"has the group '{name}'; expected {string.Join(", ", Groups.Keys)}");
                else if (!parsed.TryAdd(group, restriction))
                    faults.Add($"has the group '{name}' twice; a group may stand in one entry only");
            }
        }

        return parsed;
    }
}
