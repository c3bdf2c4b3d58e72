using System.Globalization;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>
/// <c>model-config.yaml</c>. Source: TorchServe's <c>ModelConfig.java</c>. Keys of workers and processes have no meaning here, keys that
/// TorchServe does not know go to its handler: both are named in a warning.
/// </summary>
internal static class ModelConfigYaml
{
    private const int MaxBytes = 1 << 18;

    /// <summary>What the file of an archive says; nothing when there is none.</summary>
    /// <param name="archive">Its manifest names the file.</param>
    /// <param name="warnings">Gets a sentence that names the keys without a meaning.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the file is missing or malformed.</exception>
    public static ArchiveOverrides Read(ModelArchive archive, List<string> warnings)
    {
        if (archive.Manifest.ConfigFile is not { } name)
            return new ArchiveOverrides();
        var bytes = archive.TryRead(name, MaxBytes) ?? throw Wrong(archive, name, "the manifest names it, but it is not there");
        try
        {
            return Map(SafeYaml.Read(bytes), name, archive.Source, warnings);
        }
        catch (ArchiveException error)
        {
            throw Wrong(archive, name, error.Message);
        }
    }

    private static ArchiveOverrides Map(IReadOnlyDictionary<string, YamlValue> values, string name, string source, List<string> warnings)
    {
        var settings = new ArchiveOverrides();
        var unused = new List<string>();
        foreach (var (key, value) in values)
        {
            if (Apply(settings, key, value) is { } changed)
                settings = changed;
            else
                unused.Add(key);
        }

        if (unused.Count > 0)
            warnings.Add($"{ModelIdText.Quote(name)} of '{source}' has keys without a meaning here: {string.Join(", ", unused.Take(20).Select(static key => ModelIdText.Quote(key)[1..^1]))}{(unused.Count > 20 ? ", …" : "")}");
        return settings;
    }

    /// <summary>Null for a key that has no meaning here.</summary>
    private static ArchiveOverrides? Apply(ArchiveOverrides settings, string key, YamlValue value) => key switch
    {
        "minWorkers" => settings with { MinWorkers = Number(key, value, 0, 1024) },
        "maxWorkers" => settings with { MaxWorkers = Number(key, value, 0, 1024) },
        "batchSize" => settings with { BatchSize = Number(key, value, 1, 65_536) },
        "maxBatchDelay" => settings with { MaxBatchDelay = TimeSpan.FromMilliseconds(Number(key, value, 0, int.MaxValue)) },
        "responseTimeout" => settings with { ResponseTimeout = TimeSpan.FromSeconds(Number(key, value, 1, int.MaxValue)) },
        "startupTimeout" => settings with { StartupTimeout = TimeSpan.FromSeconds(Number(key, value, 1, int.MaxValue)) },
        "clientTimeoutInMills" => settings with { ClientTimeout = TimeSpan.FromMilliseconds(Number(key, value, 0, int.MaxValue)) },
        "jobQueueSize" => settings with { JobQueueSize = Number(key, value, 1, int.MaxValue) },
        "deviceType" => settings with { DeviceType = value.Text ?? throw new ArchiveException("deviceType is not a text") },
        "deviceIds" => settings with { DeviceIds = Numbers(key, value) },
        "inputs" => settings with { Inputs = Inputs(value) },
        _ => null,
    };

    /// <summary>Granary's own key: texts such as <c>x float32 -1,3,224,224</c>.</summary>
    private static List<TensorSpec> Inputs(YamlValue value)
    {
        var inputs = new List<TensorSpec>();
        foreach (var item in value.Items ?? throw new ArchiveException("inputs is not a list of texts"))
        {
            var words = item.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 3 || !CatalogMapping.TryDType(words[1], out var dtype) || Sizes(words[2]) is not { } shape)
                throw new ArchiveException($"inputs holds {ModelIdText.Quote(item)}; expected such as 'x float32 -1,3,224,224': name, dtype, sizes");
            inputs.Add(new TensorSpec(words[0], dtype, shape));
        }

        return inputs;
    }

    private static long[]? Sizes(string text)
    {
        var parts = text.Split(',');
        var sizes = new long[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!long.TryParse(parts[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out sizes[i]) || sizes[i] < -1)
                return null;
        }

        return sizes;
    }

    private static List<int> Numbers(string key, YamlValue value)
    {
        var items = value.Items ?? throw new ArchiveException($"{key} is not a list of numbers");
        return [.. items.Select(item => Number(key, new YamlValue(item, null), 0, 1023))];
    }

    private static int Number(string key, YamlValue value, int least, int most) =>
        int.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ArchiveException($"{key} is {(value.Text is { } text ? ModelIdText.Quote(text) : "not a number")}; a whole number from {least} to {most} belongs there");

    private static ServingException Wrong(ModelArchive archive, string name, string what) =>
        new(ServingError.InvalidArgument, $"{ModelIdText.Quote(name)} of '{archive.Source}': {what}");
}
