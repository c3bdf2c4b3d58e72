using Granary.Api.TorchServe.Management;
using Granary.Serving.Sources.Urls;
using Microsoft.Extensions.Options;

namespace Granary.Api.TorchServe;

/// <summary>Finds what is wrong with <see cref="TorchServeOptions"/> at start.</summary>
internal sealed class TorchServeOptionsValidator : IValidateOptions<TorchServeOptions>
{
    private const string Section = TorchServeOptions.SectionName;

    public ValidateOptionsResult Validate(string? name, TorchServeOptions options)
    {
        List<string> errors = [.. Faults(options)];
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Faults(TorchServeOptions options)
    {
        (string Key, string? Address)[] addresses =
        [
            (nameof(options.InferenceAddress), options.InferenceAddress),
            (nameof(options.ManagementAddress), options.ManagementAddress),
            (nameof(options.MetricsAddress), options.MetricsAddress),
            (nameof(options.GrpcInferenceAddress), options.GrpcInferenceAddress),
            (nameof(options.GrpcManagementAddress), options.GrpcManagementAddress),
        ];
        foreach (var (key, address) in addresses)
        {
            if (!string.IsNullOrEmpty(address) && !BindAddress.TryParse(address, out _, out var error))
                yield return $"{Section}:{key}: {error}";
        }

        foreach (var pattern in options.AllowedUrls)
        {
            if (UrlRules.Fault(pattern) is { } fault)
                yield return $"{Section}:{nameof(options.AllowedUrls)}: {fault}";
        }

        if (ModelSettings.Fault(options.ModelSettings) is { } wrong)
            yield return $"{Section}:{nameof(options.ModelSettings)}: {wrong}";
        if (options.MaxDownloadBytes < 1)
            yield return $"{Section}:{nameof(options.MaxDownloadBytes)} is {options.MaxDownloadBytes}; expected at least 1";
        if (options.DefaultWorkersPerModel < 0)
            yield return $"{Section}:{nameof(options.DefaultWorkersPerModel)} is {options.DefaultWorkersPerModel}; expected zero or more";
        if (options.JobQueueSize < 1)
            yield return $"{Section}:{nameof(options.JobQueueSize)} is {options.JobQueueSize}; expected at least 1";
        if (options.DefaultResponseTimeout <= TimeSpan.Zero)
            yield return $"{Section}:{nameof(options.DefaultResponseTimeout)} is {options.DefaultResponseTimeout}; expected more than zero";
        if (options.DefaultStartupTimeout <= TimeSpan.Zero)
            yield return $"{Section}:{nameof(options.DefaultStartupTimeout)} is {options.DefaultStartupTimeout}; expected more than zero";
        if (options.TokenLifetime <= TimeSpan.Zero)
            yield return $"{Section}:{nameof(options.TokenLifetime)} is {options.TokenLifetime}; expected more than zero";
        if (options.KeyFile.Length == 0)
            yield return $"{Section}:{nameof(options.KeyFile)} is empty; expected a file";
        if (options.ServiceEnvelope is not (null or "" or "body" or "json" or "kserve"))
            yield return $"{Section}:{nameof(options.ServiceEnvelope)} is '{options.ServiceEnvelope}'; expected body, json or kserve (kservev2 is answered under /v2/models without an envelope)";
    }
}
