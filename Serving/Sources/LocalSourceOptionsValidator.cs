using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

internal sealed class LocalSourceOptionsValidator : IValidateOptions<LocalSourceOptions>
{
    public ValidateOptionsResult Validate(string? name, LocalSourceOptions options)
    {
        var faults = new List<string>();
        foreach (var root in options.Roots)
        {
            if (string.IsNullOrWhiteSpace(root))
                faults.Add($"{LocalSourceOptions.SectionName}:Roots holds an empty path");
            else if (!Directory.Exists(root))
                faults.Add($"{LocalSourceOptions.SectionName}:Roots holds '{root}', which is not a directory");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
