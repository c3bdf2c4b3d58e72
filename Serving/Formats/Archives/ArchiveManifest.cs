using System.Text.Json;

namespace Granary.Serving.Formats.Archives;

/// <summary>
/// What the manifest of an archive says, in the form that <c>torch-model-archiver</c> writes today or in the one from before 0.2, which
/// has the versions of a server, an implementation and a specification instead of dates.
/// </summary>
public sealed record ArchiveManifest
{
    /// <summary>Where the manifest is.</summary>
    internal const string Path = Directory + "/MANIFEST.json";

    /// <summary>The directory of the manifest.</summary>
    internal const string Directory = "MAR-INF";

    /// <summary><c>model.modelName</c>.</summary>
    public required string ModelName { get; init; }

    /// <summary><c>model.modelVersion</c>, such as <c>1.0</c>.</summary>
    public required string ModelVersion { get; init; }

    /// <summary>The weights; null when the handler brings them itself.</summary>
    public string? SerializedFile { get; init; }

    /// <summary>A name such as <c>image_classifier</c>, <c>file.py</c>, <c>file.py:function</c>, or for the runtime LSP a class.</summary>
    public string? Handler { get; init; }

    /// <summary>The Python file with the model's class, for weights without code.</summary>
    public string? ModelFile { get; init; }

    /// <summary>Other files, as the manifest names them.</summary>
    public string? Extensions { get; init; }

    /// <summary>Python packages that the handler wants.</summary>
    public string? RequirementsFile { get; init; }

    /// <summary>Such as <c>model-config.yaml</c>.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>The name of a request envelope; older archives.</summary>
    public string? Envelope { get; init; }

    /// <summary>The vocabulary of a text classifier; older archives.</summary>
    public string? SourceVocab { get; init; }

    /// <summary><c>python</c>, <c>python3</c> or <c>LSP</c>.</summary>
    public required string Runtime { get; init; }

    /// <summary>Of <c>torch-model-archiver</c>; null in older archives.</summary>
    public string? ArchiverVersion { get; init; }

    /// <summary><c>dd/mm/yyyy HH:MM:SS</c>; null in older archives.</summary>
    public string? CreatedOn { get; init; }

    /// <summary>Free text.</summary>
    public string? Description { get; init; }

    /// <summary>Reads a manifest. The sentences that begin messages are TorchServe's own.</summary>
    /// <param name="json">Null when there is none.</param>
    /// <param name="source">What messages call the archive.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    internal static ArchiveManifest Read(byte[]? json, string source)
    {
        if (json is null)
            throw Wrong("Missing Model entry in manifest file.", $"'{source}' has no {Path}; make the archive with torch-model-archiver");
        try
        {
            using var document = JsonDocument.Parse(WithoutMark(json), new JsonDocumentOptions { MaxDepth = 16 });
            return Read(document.RootElement, source);
        }
        catch (JsonException error)
        {
            throw Wrong("Failed to parse the manifest file.", $"{Path} of '{source}' is not JSON (line {error.LineNumber + 1})");
        }
        catch (InvalidOperationException)
        {
            throw Wrong("Failed to parse the manifest file.", $"{Path} of '{source}' holds half a surrogate pair");
        }
    }

    private static ArchiveManifest Read(JsonElement root, string source)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("model", out var model) || model.ValueKind != JsonValueKind.Object)
            throw Wrong("Missing Model entry in manifest file.", $"{Path} of '{source}' has no object \"model\"");
        var runtime = Text(root, "runtime", source);
        return new ArchiveManifest
        {
            ModelName = Text(model, "modelName", source) ?? throw Wrong("Model name is not defined.", $"{Path} of '{source}' has no model.modelName"),
            ModelVersion = Text(model, "modelVersion", source) ?? throw Wrong("Model version is not defined.", $"{Path} of '{source}' has no model.modelVersion"),
            SerializedFile = FileName(model, "serializedFile", source),
            Handler = Text(model, "handler", source),
            ModelFile = FileName(model, "modelFile", source),
            Extensions = Text(model, "extensions", source),
            RequirementsFile = FileName(model, "requirementsFile", source),
            ConfigFile = FileName(model, "configFile", source),
            Envelope = Text(model, "envelope", source),
            SourceVocab = FileName(model, "sourceVocab", source),
            Runtime = runtime is "python" or "python2" or "python3" or "LSP"
                ? runtime
                : throw Wrong("Runtime is not defined or invalid.", $"{Path} of '{source}' says {(runtime is null ? "nothing" : Models.ModelIdText.Quote(runtime))}; python, python3 and LSP are known"),
            ArchiverVersion = Text(root, "archiverVersion", source),
            CreatedOn = Text(root, "createdOn", source),
            Description = Text(model, "description", source) ?? Text(root, "description", source),
        };
    }

    private static string? FileName(JsonElement parent, string name, string source)
    {
        if (Text(parent, name, source) is not { Length: > 0 } path)
            return null;
        try
        {
            ArchivePaths.Check(path, ArchiveLimits.Default);
            return path;
        }
        catch (ArchiveException error)
        {
            throw Wrong("The manifest file is not valid.", $"model.{name} of '{source}': {error.Message}");
        }
    }

    private static string? Text(JsonElement parent, string name, string source)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        // Gson takes numbers for texts.
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => throw Wrong("The manifest file is not valid.", $"\"{name}\" of '{source}' is {value.ValueKind}; a text belongs there"),
        };
    }

    private static ReadOnlyMemory<byte> WithoutMark(byte[] json) => json.AsSpan().StartsWith("\uFEFF"u8) ? json.AsMemory(3) : json;

    private static ServingException Wrong(string torchServe, string detail) => new(ServingError.InvalidArgument, $"{torchServe} {detail}");
}
