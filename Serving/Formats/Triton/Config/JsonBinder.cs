using System.Globalization;
using System.Text.Json;

namespace Granary.Serving.Formats.Triton.Config;

/// <summary>
/// Fills records from JSON by the rules of <see href="https://protobuf.dev/programming-guides/json/">proto3</see>: names as in the
/// .proto file or in lowerCamelCase, whole numbers also as text or with a zero fraction, enumerations by name in any case or by
/// number, null for absent.
/// </summary>
internal static class JsonBinder
{
    /// <summary>One message.</summary>
    /// <param name="json">An object.</param>
    /// <param name="shape">What it is.</param>
    /// <param name="path">Where it stands, for messages; empty at the top.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>, naming the path.</exception>
    public static object Bind(JsonElement json, MessageShape shape, string path = "")
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw Error(path, $"expected an object, got {Kind(json)}");
        var values = new Dictionary<FieldShape, object>();
        foreach (var property in json.EnumerateObject())
        {
            var where = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            var field = shape.FindJson(property.Name)
                ?? throw Error(where, $"Message type \"{shape.Name}\" has no field named \"{property.Name}\".{shape.Suggest(property.Name)}");
            if (property.Value.ValueKind == JsonValueKind.Null)
                continue;
            if (values.ContainsKey(field))
                throw Error(where, "the field is given twice");
            if (field.OneOf is not null && values.Keys.FirstOrDefault(other => other.OneOf == field.OneOf) is { } other)
                throw Error(where, $"the field is given along with \"{other.Name}\", another member of oneof \"{field.OneOf}\"");
            values[field] = BindField(property.Value, field, where);
        }

        return shape.Create(values);
    }

    private static object BindField(JsonElement json, FieldShape field, string where)
    {
        switch (field.Label)
        {
            case FieldLabel.Singular:
                return BindValue(json, field.Element, where);
            case FieldLabel.Repeated:
                if (json.ValueKind != JsonValueKind.Array)
                    throw Error(where, $"expected a list, got {Kind(json)}");
                return json.EnumerateArray().Select((item, index) => BindValue(item, field.Element, $"{where}[{index}]")).ToList();
            default:
                if (json.ValueKind != JsonValueKind.Object)
                    throw Error(where, $"expected an object, got {Kind(json)}");
                return json.EnumerateObject()
                    .Select(entry => KeyValuePair.Create(BindKey(entry.Name, field.Key!, where), BindValue(entry.Value, field.Element, $"{where}.{entry.Name}")))
                    .ToList();
        }
    }

    private static object BindKey(string text, ElementShape key, string where) => key.Kind == ElementKind.Text
        ? text
        : Whole(text, key) ?? throw Error(where, $"'{text}' is no key; expected {key.Minimum} to {key.Maximum}");

    private static object BindValue(JsonElement json, ElementShape element, string where) => element.Kind switch
    {
        ElementKind.Message => Bind(json, element.Message, where),
        ElementKind.Text => json.ValueKind == JsonValueKind.String ? Text(json, where) : throw Error(where, $"expected a string, got {Kind(json)}"),
        ElementKind.Bool => json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : throw Error(where, $"expected true or false, got {Kind(json)}"),
        ElementKind.Whole => Whole(NumberText(json, where), element)
            ?? throw Error(where, $"expected a whole number from {element.Minimum} to {element.Maximum}, got {json.GetRawText()}"),
        ElementKind.Float => element.ToFloat(Float(json, where)),
        _ => Enumeration(json, element, where),
    };

    private static object Enumeration(JsonElement json, ElementShape element, string where)
    {
        var value = json.ValueKind == JsonValueKind.String
            ? element.FindValue(Text(json, where), StringComparison.OrdinalIgnoreCase)
            : json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var number) ? element.FindValue(number) : null;
        return value ?? throw Error(where, $"expected one of {string.Join(", ", element.Names)}, got {json.GetRawText()}");
    }

    private static double Float(JsonElement json, string where)
    {
        var text = NumberText(json, where);
        return text switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => throw Error(where, $"expected a number, got {json.GetRawText()}"),
        };
    }

    private static object? Whole(string text, ElementShape element)
    {
        // 16.0 and 1.6e1 are whole too.
        if (!Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var real)
                || real != decimal.Truncate(real))
            {
                return null;
            }

            number = (Int128)real;
        }

        return number >= element.Minimum && number <= element.Maximum ? element.ToWhole(number) : null;
    }

    private static string NumberText(JsonElement json, string where) => json.ValueKind switch
    {
        JsonValueKind.Number => json.GetRawText(),
        JsonValueKind.String => Text(json, where),
        _ => throw Error(where, $"expected a number, got {Kind(json)}"),
    };

    // Escaped halves of surrogate pairs only show when the text is asked for.
    private static string Text(JsonElement json, string where)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Error(where, "the string is no valid text");
        }
    }

    private static string Kind(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    private static ServingException Error(string where, string message) =>
        new(ServingError.InvalidArgument, where.Length == 0 ? message : $"{where}: {message}");
}
