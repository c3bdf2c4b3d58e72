using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources;

internal sealed class HuggingFaceOptionsValidator : IValidateOptions<HuggingFaceOptions>
{
    public ValidateOptionsResult Validate(string? name, HuggingFaceOptions options)
    {
        var faults = new List<string>();
        var isWeb = Uri.TryCreate(options.Endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";
        if (!isWeb || uri!.Query.Length > 0 || uri.UserInfo.Length > 0)
            faults.Add($"{HuggingFaceOptions.SectionName}:Endpoint is '{options.Endpoint}'; expected an address such as https://huggingface.co");
        // Never shown: it is a secret.
        if (options.Token is { } token && token.AsSpan().Trim().ContainsAnyExceptInRange('!', '~'))
            faults.Add($"{HuggingFaceOptions.SectionName}:Token holds characters that no header may hold");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
