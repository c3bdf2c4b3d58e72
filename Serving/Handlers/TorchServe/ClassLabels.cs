using System.Globalization;
using System.Text.Json;
using Granary.Torch;

namespace Granary.Serving.Handlers.TorchServe;

/// <summary>Names of classes. A class without a name is called by its number, as TorchServe calls all of them where there are no names.</summary>
internal sealed class ClassLabels
{
    private readonly Dictionary<long, StringValue> _names;

    private ClassLabels(Dictionary<long, StringValue> names)
    {
        _names = names;
    }

    /// <summary>Reads the parameter <c>labels</c>: a JSON object of names by class, a JSON list, or names with commas between them.</summary>
    public static ClassLabels Read(HandlerParameters parameters)
    {
        var names = new Dictionary<long, StringValue>();
        if (parameters.Text(HandlerNames.Labels) is not { } text)
            return new ClassLabels(names);
        if (!text.AsSpan().TrimStart().StartsWith('{') && !text.AsSpan().TrimStart().StartsWith('['))
        {
            foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
                names[names.Count] = new StringValue(name);
        }
        else if (!TryRead(text, names))
        {
            parameters.Refuse(HandlerNames.Labels, "a JSON object of names by class, a JSON list of names, or names with commas between them");
        }

        return new ClassLabels(names);
    }

    /// <summary>The name of a class.</summary>
    public StringValue this[long index] => _names.TryGetValue(index, out var name) ? name : new StringValue(index.ToString(CultureInfo.InvariantCulture));

    private static bool TryRead(string text, Dictionary<long, StringValue> names)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 4 });
            if (document.RootElement.ValueKind == JsonValueKind.Array)
            {
                foreach (var name in document.RootElement.EnumerateArray())
                    names[names.Count] = new StringValue(name.GetString() ?? "");
                return true;
            }

            foreach (var entry in document.RootElement.EnumerateObject())
            {
                // TorchServe looks a class up by its decimal digits; what is no such text is never found.
                if (long.TryParse(entry.Name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
                    names[index] = new StringValue(entry.Value.GetString() ?? "");
            }

            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
