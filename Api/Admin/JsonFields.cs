using System.Globalization;
using System.Text.Json;

namespace Granary.Api.Admin;

/// <summary>
/// Reads the members of a JSON object one by one and gathers every fault with its path, unknown members included, so that a
/// caller sees all mistakes at once. A member that is null counts as absent.
/// </summary>
internal sealed class JsonFields(JsonElement element, string path, List<string> faults)
{
    /// <summary>The text that stands for no limit in time.</summary>
    public const string Never = "never";

    private readonly HashSet<string> _known = [];

    /// <summary>Whether the member is there; <paramref name="value"/> is its value then.</summary>
    public bool TryGet(string name, out JsonElement value)
    {
        _known.Add(name);
        return element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>A string; null when absent or faulty.</summary>
    public string? Text(string name)
    {
        if (!TryGet(name, out var value))
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : Wrong<string>(name, "a string", value);
    }

    /// <summary>A whole number of at least <paramref name="minimum"/>; <paramref name="absent"/> when absent or faulty.</summary>
    public int Integer(string name, int absent, int minimum)
    {
        if (!TryGet(name, out var value))
            return absent;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= minimum)
            return number;
        Fault(name, $"expected a whole number from {minimum} to {int.MaxValue}, not {Shorten(value)}");
        return absent;
    }

    /// <summary>A number of bytes above zero; null when absent or faulty.</summary>
    public long? Size(string name)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var bytes) && bytes > 0)
            return bytes;
        Fault(name, $"expected a whole number of bytes above zero, not {Shorten(value)}");
        return null;
    }

    /// <summary>A truth value; <paramref name="absent"/> when absent or faulty.</summary>
    public bool Flag(string name, bool absent)
    {
        if (!TryGet(name, out var value))
            return absent;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Wrong<string>(name, "true or false", value);
        return absent;
    }

    /// <summary>A duration: seconds as a number, <c>[d.]hh:mm:ss[.fffffff]</c> or <c>never</c>; null when absent or faulty.</summary>
    public TimeSpan? Duration(string name, bool allowNever)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds >= 0 && seconds < TimeSpan.MaxValue.TotalSeconds)
            return TimeSpan.FromSeconds(seconds);
        if (value.ValueKind == JsonValueKind.String)
        {
            var text = value.GetString()!;
            if (allowNever && text == Never)
                return Timeout.InfiniteTimeSpan;
            // A lone number in a string would be read as days.
            if (text.Contains(':') && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var duration) && duration >= TimeSpan.Zero)
                return duration;
        }

        Fault(name, $"expected seconds as a number, a text such as \"00:05:00\"{(allowNever ? " or \"never\"" : "")}, not {Shorten(value)}");
        return null;
    }

    /// <summary>The names of all members, each once.</summary>
    public IEnumerable<string> Names => element.EnumerateObject().Select(static property => property.Name).Distinct();

    /// <summary>A string, or a number as it is written; null when absent or faulty.</summary>
    public string? TextOrNumber(string name)
    {
        if (!TryGet(name, out var value))
            return null;
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => Wrong<string>(name, "a string or a number", value),
        };
    }

    /// <summary>Whole numbers; null when absent or faulty.</summary>
    public long[]? Integers(string name)
    {
        if (!TryGet(name, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            return Wrong<long[]>(name, "a list of whole numbers", value);
        var numbers = new long[value.GetArrayLength()];
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out numbers[index++]))
                return Wrong<long[]>(name, "a list of whole numbers", value);
        }

        return numbers;
    }

    /// <summary>An object; null when absent or faulty.</summary>
    public JsonFields? Object(string name)
    {
        if (!TryGet(name, out var value))
            return null;
        return value.ValueKind == JsonValueKind.Object ? new JsonFields(value, Path(name), faults) : Wrong<JsonFields>(name, "an object", value);
    }

    /// <summary>The objects of a list; empty when absent or faulty.</summary>
    public IReadOnlyList<JsonFields> Objects(string name)
    {
        if (!TryGet(name, out var value))
            return [];
        if (value.ValueKind != JsonValueKind.Array)
            return Wrong<IReadOnlyList<JsonFields>>(name, "a list of objects", value) ?? [];
        List<JsonFields> objects = [];
        foreach (var item in value.EnumerateArray())
        {
            var itemName = $"{name}[{objects.Count}]";
            if (item.ValueKind != JsonValueKind.Object)
                return Wrong<IReadOnlyList<JsonFields>>(itemName, "an object", item) ?? [];
            objects.Add(new JsonFields(item, Path(itemName), faults));
        }

        return objects;
    }

    /// <summary>Notes a fault of one member.</summary>
    public void Fault(string name, string what) => faults.Add($"{Path(name)}: {what}");

    /// <summary>Notes every member that nobody asked for.</summary>
    public void RefuseUnknown()
    {
        foreach (var property in element.EnumerateObject())
        {
            if (!_known.Contains(property.Name))
                Fault(property.Name, $"unknown field; known are {string.Join(", ", _known)}");
        }
    }

    /// <summary>The JSON text of a value, short enough for a message.</summary>
    public static string Shorten(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 40 ? text : string.Concat(text.AsSpan(0, 37), "...");
    }

    private string Path(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private T? Wrong<T>(string name, string expected, JsonElement value)
        where T : class
    {
        Fault(name, $"expected {expected}, not {Shorten(value)}");
        return null;
    }
}
