using Microsoft.Extensions.Options;

namespace Granary.Serving.Formats.Triton.Repository;

/// <summary>Checks <see cref="ModelRepositoryOptions"/> at start.</summary>
internal sealed class ModelRepositoryOptionsValidator : IValidateOptions<ModelRepositoryOptions>
{
    public ValidateOptionsResult Validate(string? name, ModelRepositoryOptions options)
    {
        var faults = new List<string>();
        void Check(bool wrong, string property, string message) { if (wrong) faults.Add($"{ModelRepositoryOptions.SectionName}:{property} {message}"); }
        foreach (var path in options.Paths)
        {
            var fault = RepositoryStores.Fault(path);
            // What is behind a question mark may be a secret.
            Check(fault is not null, nameof(options.Paths), $"'{path.Split('?')[0]}' {fault}");
        }

        var real = options.Paths.Select(RepositoryStores.Identity).ToList();
        Check(real.Distinct(StringComparer.Ordinal).Count() < real.Count, nameof(options.Paths), "names a repository twice");
        Check(!Enum.IsDefined(options.ControlMode), nameof(options.ControlMode), $"is {options.ControlMode}; it must be none, poll or explicit");
        Check(options.LoadModels.Length > 0 && options.ControlMode != ModelControlMode.Explicit, nameof(options.LoadModels), "is given; it needs the control mode explicit");
        Check(options.LoadModels.Length > 1 && options.LoadModels.Contains("*"), nameof(options.LoadModels), "has '*' and others: Wildcard model name '*' must be the ONLY startup model if specified at all.");
        Check(options.PollInterval <= TimeSpan.Zero, nameof(options.PollInterval), $"is {options.PollInterval}; it must be more than zero");
        Check(options.SettleTime <= TimeSpan.Zero, nameof(options.SettleTime), $"is {options.SettleTime}; it must be more than zero");
        Check(options.LoadThreads is < 1 or > 1024, nameof(options.LoadThreads), $"is {options.LoadThreads}; 1 to 1024 is allowed");
        Check(options.ConfigName is { } config && (config.Length == 0 || config.Contains('/') || config.StartsWith('.')), nameof(options.ConfigName), $"is '{options.ConfigName}'; it must be the name of a file in configs/ without .pbtxt");
        Check(options.IdleTimeout <= TimeSpan.Zero && options.IdleTimeout != Timeout.InfiniteTimeSpan, nameof(options.IdleTimeout), $"is {options.IdleTimeout}; it must be positive, or -00:00:00.001 for never");
        Check(string.IsNullOrWhiteSpace(options.OverrideDirectory), nameof(options.OverrideDirectory), "is empty; name a directory");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
