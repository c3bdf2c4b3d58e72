using Granary.Serving.Models;
using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

internal sealed class SourcePolicyOptionsValidator : IValidateOptions<SourcePolicyOptions>
{
    public ValidateOptionsResult Validate(string? name, SourcePolicyOptions options)
    {
        var faults = new List<string>();
        if (options.MaxFileBytes < 1)
            faults.Add($"{SourcePolicyOptions.SectionName}:MaxFileBytes is {options.MaxFileBytes}; it must be at least 1");
        if (options.AllowedSources is { Length: 0 })
            faults.Add($"{SourcePolicyOptions.SectionName}:AllowedSources is empty; leave it out to allow every source");
        foreach (var (kind, owners) in options.AllowedOwners)
        {
            if (kind == ModelSourceKind.Local)
                faults.Add($"{SourcePolicyOptions.SectionName}:AllowedOwners:Local means nothing; limit local files with {LocalSourceOptions.SectionName}:Roots");
            foreach (var owner in owners)
            {
                if (!IsOwner(owner))
                    faults.Add($"{SourcePolicyOptions.SectionName}:AllowedOwners:{kind} holds {ModelIdText.Quote(owner)}; expected owner or owner/name");
            }
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static bool IsOwner(string owner) => ModelIdText.PathFault(owner, "", allowComma: false) is null && owner.AsSpan().Count('/') <= 1;
}
