using System.Globalization;
using System.Text.Json;

namespace Granary.Api.TorchServe.Management;

/// <summary>What a client wants to register. Null is what it did not say.</summary>
internal sealed record RegisterRequest
{
    /// <summary>An archive or directory in a model store, a model id, or a URL that is allowed.</summary>
    public string? Url { get; init; }

    public string? ModelName { get; init; }

    public string? Handler { get; init; }

    public string? Runtime { get; init; }

    public int? BatchSize { get; init; }

    /// <summary>In milliseconds.</summary>
    public int? MaxBatchDelay { get; init; }

    public int? InitialWorkers { get; init; }

    /// <summary>Whether to answer when the workers are ready.</summary>
    public bool Synchronous { get; init; } = true;

    /// <summary>In seconds.</summary>
    public int? ResponseTimeout { get; init; }

    /// <summary>In seconds.</summary>
    public int? StartupTimeout { get; init; }

    /// <summary>SHA-256 that the file must have, lower-case hex: an extension of ours.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Whether the operator named it at start.</summary>
    public bool AtStartup { get; init; }

    /// <summary>Reads query parameters; what is no number counts as not said, as in TorchServe.</summary>
    public static RegisterRequest FromQuery(IQueryCollection query) => new()
    {
        Url = Text(query, "url"),
        ModelName = Text(query, "model_name"),
        Handler = Text(query, "handler"),
        Runtime = Text(query, "runtime"),
        BatchSize = Number(query, "batch_size"),
        MaxBatchDelay = Number(query, "max_batch_delay"),
        InitialWorkers = Number(query, "initial_workers"),
        Synchronous = Text(query, "synchronous") is not { } text || text.Equals("true", StringComparison.OrdinalIgnoreCase),
        ResponseTimeout = Positive(Number(query, "response_timeout")),
        StartupTimeout = Positive(Number(query, "startup_timeout")),
        Sha256 = Text(query, "sha256"),
    };

    /// <summary>Reads a JSON body with the same names.</summary>
    /// <exception cref="TorchServeException">400: it is no such object.</exception>
    public static RegisterRequest FromJson(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw TorchServeException.BadRequest($"The body is a JSON {root.ValueKind.ToString().ToLowerInvariant()}; expected an object such as {{\"url\": \"model.mar\"}}");
            return new RegisterRequest
            {
                Url = Text(root, "url"),
                ModelName = Text(root, "model_name"),
                Handler = Text(root, "handler"),
                Runtime = Text(root, "runtime"),
                BatchSize = Number(root, "batch_size"),
                MaxBatchDelay = Number(root, "max_batch_delay"),
                InitialWorkers = Number(root, "initial_workers"),
                Synchronous = !root.TryGetProperty("synchronous", out var truth) || truth.ValueKind == JsonValueKind.True || (truth.ValueKind == JsonValueKind.String && truth.ValueEquals("true")),
                ResponseTimeout = Positive(Number(root, "response_timeout")),
                StartupTimeout = Positive(Number(root, "startup_timeout")),
                Sha256 = Text(root, "sha256"),
            };
        }
        catch (JsonException exception)
        {
            throw TorchServeException.BadRequest($"The body is no JSON: {exception.Message}");
        }
    }

    private static int? Positive(int? number) => number > 0 ? number : null;

    private static string? Text(IQueryCollection query, string name) => query.TryGetValue(name, out var values) && values.Count > 0 && values[0] is { Length: > 0 } text ? text : null;

    private static int? Number(IQueryCollection query, string name) =>
        int.TryParse(Text(query, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Text(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw TorchServeException.BadRequest($"\"{name}\" is no text");
    }

    private static int? Number(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number))
            return number;
        return value.ValueKind == JsonValueKind.String && int.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
            ? number
            : throw TorchServeException.BadRequest($"\"{name}\" is no whole number");
    }
}
