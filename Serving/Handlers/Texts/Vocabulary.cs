using System.Text;
using System.Text.Json;
using Granary.Serving.Models;

namespace Granary.Serving.Handlers.Texts;

/// <summary>Numbers by token: a JSON object, a JSON list or a text with a token on each line, whose places are the numbers.</summary>
internal sealed class Vocabulary
{
    private const string Unknown = "<unk>";
    private readonly Dictionary<string, long> _numbers;
    private readonly long? _unknown;

    private Vocabulary(Dictionary<string, long> numbers)
    {
        _numbers = numbers;
        _unknown = numbers.TryGetValue(Unknown, out var unknown) ? unknown : null;
    }

    /// <summary>Reads a vocabulary.</summary>
    /// <param name="name">Of the file: <c>.json</c> or <c>.txt</c>.</param>
    /// <param name="bytes">UTF-8.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: it is none.</exception>
    public static Vocabulary Read(string name, byte[] bytes)
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        try
        {
            if (name.EndsWith(".json", StringComparison.Ordinal))
                ReadJson(bytes, numbers);
            else
                ReadLines(new UTF8Encoding(false, true).GetString(bytes), numbers);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or DecoderFallbackException)
        {
            throw new ServingException(ServingError.InvalidArgument, $"the vocabulary {ModelIdText.Quote(name)} is no object of numbers by token, no list of tokens and no text with a token on each line", error);
        }

        return numbers.Count == 0
            ? throw new ServingException(ServingError.InvalidArgument, $"the vocabulary {ModelIdText.Quote(name)} is empty")
            : new Vocabulary(numbers);
    }

    /// <summary>The number of a token; that of <c>&lt;unk&gt;</c> for one that is not there.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: there is neither.</exception>
    public long this[string token] => _numbers.TryGetValue(token, out var number) ? number : _unknown
        ?? throw new ServingException(ServingError.InvalidArgument, $"the token {ModelIdText.Quote(token)} is not in the model's vocabulary, which has no {Unknown}");

    private static void ReadJson(byte[] bytes, Dictionary<string, long> numbers)
    {
        using var document = JsonDocument.Parse(bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes, new JsonDocumentOptions { MaxDepth = 4 });
        if (document.RootElement.ValueKind == JsonValueKind.Array)
        {
            long place = 0;
            foreach (var token in document.RootElement.EnumerateArray())
                numbers[token.GetString() ?? throw new FormatException()] = place++;
            return;
        }

        foreach (var entry in document.RootElement.EnumerateObject())
            numbers[entry.Name] = entry.Value.GetInt64();
    }

    private static void ReadLines(string text, Dictionary<string, long> numbers)
    {
        long place = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (!line.IsEmpty)
                numbers[line.ToString()] = place;
            place++;
        }
    }
}
