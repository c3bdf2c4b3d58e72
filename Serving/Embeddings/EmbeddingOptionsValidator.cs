using Microsoft.Extensions.Options;

namespace Granary.Serving.Embeddings;

/// <summary>Finds what is wrong with <see cref="EmbeddingOptions"/> at start.</summary>
internal sealed class EmbeddingOptionsValidator : IValidateOptions<EmbeddingOptions>
{
    private const int MostShards = 256;

    public ValidateOptionsResult Validate(string? name, EmbeddingOptions options)
    {
        List<string> errors = [];
        if (options.ScanInterval <= TimeSpan.Zero)
            errors.Add($"{EmbeddingOptions.SectionName}:{nameof(options.ScanInterval)} is {options.ScanInterval}; expected more than zero");
        if (options.GracePeriod < TimeSpan.Zero)
            errors.Add($"{EmbeddingOptions.SectionName}:{nameof(options.GracePeriod)} is {options.GracePeriod}; expected zero or more");
        if (options.ReplicaIndex < 0)
            errors.Add($"{EmbeddingOptions.SectionName}:{nameof(options.ReplicaIndex)} is {options.ReplicaIndex}; expected 0 or more");
        if (options.Shards is < 0 or > MostShards || (options.Shards & (options.Shards - 1)) != 0)
            errors.Add($"{EmbeddingOptions.SectionName}:{nameof(options.Shards)} is {options.Shards}; expected 0, or a power of two up to {MostShards}");
        if (string.IsNullOrEmpty(options.ConfigFile) && !string.IsNullOrEmpty(options.GlobalConfigFile))
            errors.Add($"{EmbeddingOptions.SectionName}:{nameof(options.GlobalConfigFile)} is set without {nameof(options.ConfigFile)}, which says what the features are");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
