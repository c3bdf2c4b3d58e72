using Microsoft.Extensions.Options;

namespace Granary.Serving.Activations;

/// <summary>Checks <see cref="ModelMemoryOptions"/> at start.</summary>
internal sealed class ModelMemoryOptionsValidator : IValidateOptions<ModelMemoryOptions>
{
    public ValidateOptionsResult Validate(string? name, ModelMemoryOptions options)
    {
        var faults = new List<string>();
        if (options.MaxResidentBytes < 0)
            faults.Add($"{ModelMemoryOptions.SectionName}:{nameof(options.MaxResidentBytes)} is {options.MaxResidentBytes}; it must not be negative");
        if (options.MaxResidentModels < 0)
            faults.Add($"{ModelMemoryOptions.SectionName}:{nameof(options.MaxResidentModels)} is {options.MaxResidentModels}; it must not be negative");
        if (options.EvictionTimeout <= TimeSpan.Zero)
            faults.Add($"{ModelMemoryOptions.SectionName}:{nameof(options.EvictionTimeout)} is {options.EvictionTimeout}; it must be positive");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
