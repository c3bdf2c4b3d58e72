using Microsoft.Extensions.Options;

namespace Granary.Serving.Responses;

/// <summary>Checks <see cref="ResponseCacheOptions"/> at start.</summary>
internal sealed class ResponseCacheOptionsValidator : IValidateOptions<ResponseCacheOptions>
{
    public ValidateOptionsResult Validate(string? name, ResponseCacheOptions options) => options.MaxBytes >= 0
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"{ResponseCacheOptions.SectionName}:{nameof(options.MaxBytes)} is {options.MaxBytes}; it must not be negative");
}
