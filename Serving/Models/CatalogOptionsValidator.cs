using Microsoft.Extensions.Options;

namespace Granary.Serving.Models;

internal sealed class CatalogOptionsValidator : IValidateOptions<CatalogOptions>
{
    public ValidateOptionsResult Validate(string? name, CatalogOptions options) => string.IsNullOrWhiteSpace(options.Directory)
        ? ValidateOptionsResult.Fail($"{CatalogOptions.SectionName}:{nameof(CatalogOptions.Directory)} is empty; name a directory for catalog.json")
        : ValidateOptionsResult.Success;
}
