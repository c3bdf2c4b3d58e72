using System.Text.Json;
using Granary.Serving.Formats.Archives;

namespace Granary.Api.TorchServe.Management;

/// <summary>
/// Settings of single models from <c>models</c> of <c>config.properties</c>:
/// <c>{"name": {"1.0": {"marName": "m.mar", "minWorkers": 1, "maxWorkers": 2, "batchSize": 4, "maxBatchDelay": 50, "responseTimeout": 60}}}</c>.
/// </summary>
internal static class ModelSettings
{
    /// <summary>What is said of one version; null for nothing.</summary>
    /// <param name="json">Checked with <see cref="Fault"/>.</param>
    /// <param name="name">The model.</param>
    /// <param name="version">Its version.</param>
    public static ArchiveOverrides? Find(string? json, string name, string version)
    {
        if (string.IsNullOrEmpty(json))
            return null;
        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty(name, out var versions) && versions.TryGetProperty(version, out var settings) ? Read(settings) : null;
    }

    /// <summary>What is wrong with the JSON; null when nothing is.</summary>
    public static string? Fault(string? json)
    {
        if (string.IsNullOrEmpty(json))
            return null;
        try
        {
            using var document = JsonDocument.Parse(json);
            foreach (var model in document.RootElement.EnumerateObject())
            {
                foreach (var version in model.Value.EnumerateObject())
                    Read(version.Value);
            }

            return null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return exception.Message;
        }
    }

    private static ArchiveOverrides Read(JsonElement settings) => new()
    {
        MinWorkers = Number(settings, "minWorkers"),
        MaxWorkers = Number(settings, "maxWorkers"),
        BatchSize = Number(settings, "batchSize"),
        MaxBatchDelay = Time(settings, "maxBatchDelay", TimeSpan.TicksPerMillisecond),
        ResponseTimeout = Time(settings, "responseTimeout", TimeSpan.TicksPerSecond),
        StartupTimeout = Time(settings, "startupTimeout", TimeSpan.TicksPerSecond),
    };

    private static int? Number(JsonElement settings, string name) => settings.TryGetProperty(name, out var value) ? value.GetInt32() : null;

    private static TimeSpan? Time(JsonElement settings, string name, long ticks) => Number(settings, name) is { } number ? new TimeSpan(number * ticks) : null;
}
