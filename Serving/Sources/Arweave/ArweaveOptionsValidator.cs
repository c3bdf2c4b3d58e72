using Microsoft.Extensions.Options;

namespace Granary.Serving.Sources.Arweave;

internal sealed class ArweaveOptionsValidator : IValidateOptions<ArweaveOptions>
{
    public ValidateOptionsResult Validate(string? name, ArweaveOptions options)
    {
        var faults = new List<string>();
        var gateways = options.EffectiveGateways;
        foreach (var gateway in gateways)
        {
            if (!IsAddress(gateway))
                faults.Add($"{ArweaveOptions.SectionName}:Gateways holds '{gateway}'; expected an address such as https://arweave.net");
        }

        if (gateways.Distinct(StringComparer.OrdinalIgnoreCase).Count() < gateways.Length)
            faults.Add($"{ArweaveOptions.SectionName}:Gateways names a gateway twice");
        if (options.AnswerTimeout <= TimeSpan.Zero || options.AnswerTimeout > TimeSpan.FromDays(1))
            faults.Add($"{ArweaveOptions.SectionName}:AnswerTimeout is {options.AnswerTimeout}; it must be more than 0 and at most 1 day");
        if (options.MaxAnswerBytes is < 1 << 20 or > 1 << 30)
            faults.Add($"{ArweaveOptions.SectionName}:MaxAnswerBytes is {options.MaxAnswerBytes}; it must be 1 MiB to 1 GiB");
        if (options.MaxPages is < 1 or > 100_000)
            faults.Add($"{ArweaveOptions.SectionName}:MaxPages is {options.MaxPages}; it must be 1 to 100,000");
        if (options.ChunkedFromBytes < 0)
            faults.Add($"{ArweaveOptions.SectionName}:ChunkedFromBytes is {options.ChunkedFromBytes}; it must not be negative");
        if (options.ParallelChunks is < 1 or > 64)
            faults.Add($"{ArweaveOptions.SectionName}:ParallelChunks is {options.ParallelChunks}; it must be 1 to 64");
        if (!Enum.IsDefined(options.Verification))
            faults.Add($"{ArweaveOptions.SectionName}:Verification is {options.Verification}; it must be Full or Hash");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Query.Length == 0 && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0;
}
