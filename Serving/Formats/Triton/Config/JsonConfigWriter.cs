using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Granary.Serving.Formats.Triton.Config;

/// <summary>
/// Writes records as Triton writes a configuration: names as in the .proto file and in its order, every scalar, list and map even
/// when empty, messages and members of a choice only when set, enumerations by name, and whole numbers as numbers except for the few
/// 64-bit ones that Triton leaves as text.
/// </summary>
internal static class JsonConfigWriter
{
    public static void Write(Utf8JsonWriter json, object message, MessageShape shape)
    {
        json.WriteStartObject();
        foreach (var field in shape.Fields)
        {
            var value = field.Get(message);
            if (field.HasPresence && value is null)
                continue;
            json.WritePropertyName(field.Name);
            WriteField(json, field, value!);
        }

        json.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter json, FieldShape field, object value)
    {
        switch (field.Label)
        {
            case FieldLabel.Repeated:
                json.WriteStartArray();
                foreach (var item in (IEnumerable)value)
                    WriteValue(json, field, item);
                json.WriteEndArray();
                break;
            case FieldLabel.Map:
                json.WriteStartObject();
                foreach (var entry in MapEntries.Of(value))
                {
                    json.WritePropertyName(Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!);
                    WriteValue(json, field, entry.Value!);
                }

                json.WriteEndObject();
                break;
            default:
                WriteValue(json, field, value);
                break;
        }
    }

    private static void WriteValue(Utf8JsonWriter json, FieldShape field, object value)
    {
        switch (value)
        {
            case string text:
                json.WriteStringValue(text);
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case float or double:
                WriteFloat(json, value);
                break;
            case Enum:
                json.WriteStringValue(field.Element.NameOf(value));
                break;
            case int or uint or long or ulong:
                WriteWhole(json, Convert.ToString(value, CultureInfo.InvariantCulture)!, field.IsJsonText);
                break;
            default:
                Write(json, value, field.Element.Message);
                break;
        }
    }

    private static void WriteWhole(Utf8JsonWriter json, string number, bool asText)
    {
        if (asText)
            json.WriteStringValue(number);
        else
            json.WriteRawValue(number, skipInputValidation: true);
    }

    private static void WriteFloat(Utf8JsonWriter json, object value)
    {
        var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        if (double.IsNaN(number))
            json.WriteStringValue("NaN");
        else if (double.IsInfinity(number))
            json.WriteStringValue(number > 0 ? "Infinity" : "-Infinity");
        else
            json.WriteRawValue(Convert.ToString(value, CultureInfo.InvariantCulture)!, skipInputValidation: true);
    }
}

/// <summary>The entries of a map property, sorted by key so that the same configuration is always the same text.</summary>
internal static class MapEntries
{
    public static List<DictionaryEntry> Of(object map)
    {
        var entries = new List<DictionaryEntry>();
        // Only this enumerator gives entries without naming their types.
        for (var cursor = ((IDictionary)map).GetEnumerator(); cursor.MoveNext();)
            entries.Add(cursor.Entry);
        entries.Sort(static (left, right) => left.Key is string text
            ? string.CompareOrdinal(text, (string)right.Key)
            : Comparer.DefaultInvariant.Compare(left.Key, right.Key));
        return entries;
    }
}
