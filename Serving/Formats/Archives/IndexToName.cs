using System.Text.Json;
using Granary.Serving.Models;

namespace Granary.Serving.Formats.Archives;

/// <summary>
/// <c>index_to_name.json</c> in its three forms: class to name, class to a list whose last element is the name (ImageNet's), and an object
/// whose <c>object_type_names</c> is a list of names. They become one: an object of names by class.
/// </summary>
internal static class IndexToName
{
    private const string FileName = "index_to_name.json";
    private const int MaxBytes = 16 << 20;

    /// <summary>The labels of an archive as JSON; null when it has none.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: the file is not what TorchServe reads.</exception>
    public static string? Find(ModelArchive archive) => archive.TryRead(FileName, MaxBytes) is { } bytes ? Tidy(bytes, archive.Source) : null;

    private static string Tidy(byte[] bytes, string source)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw Wrong(source, "index->name JSON mapping should be in \"class\": \"label\" format.");
            var labels = new Dictionary<string, string>(StringComparer.Ordinal);
            if (root.TryGetProperty("object_type_names", out var names) && names.ValueKind == JsonValueKind.Array)
            {
                foreach (var name in names.EnumerateArray())
                    labels[labels.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)] = Label(name, source);
            }
            else
            {
                foreach (var entry in root.EnumerateObject())
                    labels[entry.Name] = Label(entry.Value, source);
            }

            return JsonSerializer.Serialize(labels, LabelJson.Default.DictionaryStringString);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw Wrong(source, "it is not JSON");
        }
    }

    private static string Label(JsonElement value, string source)
    {
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0)
            value = value[value.GetArrayLength() - 1];
        return value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw Wrong(source, "labels in index->name mapping must be either str or List[str]");
    }

    private static ServingException Wrong(string source, string what) => new(ServingError.InvalidArgument, $"{FileName} of '{source}': {ModelIdText.Quote(what)[1..^1]}");
}
