using Microsoft.Extensions.Options;

namespace Granary.Serving.Servables;

internal sealed class ServableCacheOptionsValidator : IValidateOptions<ServableCacheOptions>
{
    public ValidateOptionsResult Validate(string? name, ServableCacheOptions options)
    {
        var faults = new List<string>();
        if (options.Capacity < 0)
            faults.Add($"{ServableCacheOptions.SectionName}:Capacity is {options.Capacity}; expected 0 (no limit) or more");
        if (options.Buffer < 0)
            faults.Add($"{ServableCacheOptions.SectionName}:Buffer is {options.Buffer}; expected 0 or more");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
