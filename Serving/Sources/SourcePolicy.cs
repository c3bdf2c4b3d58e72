using Granary.Serving.Models;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

internal sealed class SourcePolicy : ISourcePolicy
{
    private readonly HashSet<ModelSourceKind> _sources;
    private readonly Dictionary<ModelSourceKind, HashSet<string>> _owners = [];
    private readonly long _maxFileBytes;

    public SourcePolicy(IOptions<SourcePolicyOptions> options)
    {
        _sources = [.. options.Value.AllowedSources ?? Enum.GetValues<ModelSourceKind>()];
        _maxFileBytes = options.Value.MaxFileBytes;
        foreach (var (kind, owners) in options.Value.AllowedOwners)
        {
            // The hub compares names without case; Arweave addresses and container names are exact.
            var comparer = kind == ModelSourceKind.HuggingFace ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
            if (owners.Length > 0)
                _owners[kind] = new HashSet<string>(owners, comparer);
        }
    }

    public void Check(ModelId id, bool trusted)
    {
        if (trusted)
            return;
        if (!_sources.Contains(id.Source))
            throw Denied(id, $"{SourcePolicyOptions.SectionName}:{nameof(SourcePolicyOptions.AllowedSources)}");
        if (_owners.TryGetValue(id.Source, out var owners) && !IsAllowed(id.Repository, owners))
            throw Denied(id, $"{SourcePolicyOptions.SectionName}:{nameof(SourcePolicyOptions.AllowedOwners)}:{id.Source}");
    }

    public long MaxFileBytes(bool trusted) => trusted ? long.MaxValue : _maxFileBytes;

    private static bool IsAllowed(string repository, HashSet<string> owners)
    {
        var lookup = owners.GetAlternateLookup<ReadOnlySpan<char>>();
        var slash = repository.IndexOf('/');
        return lookup.Contains(slash < 0 ? repository : repository.AsSpan(0, slash)) || lookup.Contains(repository);
    }

    private static ServingException Denied(ModelId id, string list) => new(ServingError.PermissionDenied,
        $"model id {ModelIdText.Quote(id.ToString())} is not allowed here: it is not on the list {list} of this server");
}
