using System.Collections;
using System.Globalization;
using System.Text;
using Granary.Serving.Formats.Triton.TextFormat;

namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Writes records in protobuf's text format, two blanks a level, without what has its default.</summary>
internal static class TextConfigWriter
{
    public static void Write(StringBuilder text, object message, MessageShape shape, int depth = 0)
    {
        foreach (var field in shape.Fields)
        {
            var value = field.Get(message);
            if (field.IsDefault(value))
                continue;
            if (field.Label == FieldLabel.Map)
            {
                foreach (var entry in MapEntries.Of(value!))
                    WriteEntry(text, field, entry, depth);
            }
            else if (field.Label == FieldLabel.Repeated && field.Element.Kind != ElementKind.Message)
            {
                var items = ((IEnumerable)value!).Cast<object>().Select(item => Scalar(field.Element, item));
                text.Append(' ', depth * 2).Append(field.Name).Append(": [ ").AppendJoin(", ", items).Append(" ]\n");
            }
            else
            {
                foreach (var item in field.Label == FieldLabel.Repeated ? (IEnumerable)value! : new[] { value! })
                    WriteOne(text, field.Name, field.Element, item, depth);
            }
        }
    }

    private static void WriteEntry(StringBuilder text, FieldShape field, DictionaryEntry entry, int depth)
    {
        text.Append(' ', depth * 2).Append(field.Name).Append(" {\n");
        WriteOne(text, "key", field.Key!, entry.Key, depth + 1);
        WriteOne(text, "value", field.Element, entry.Value!, depth + 1);
        text.Append(' ', depth * 2).Append("}\n");
    }

    private static void WriteOne(StringBuilder text, string name, ElementShape element, object value, int depth)
    {
        text.Append(' ', depth * 2).Append(name);
        if (element.Kind != ElementKind.Message)
        {
            text.Append(": ").Append(Scalar(element, value)).Append('\n');
            return;
        }

        text.Append(" {\n");
        Write(text, value, element.Message, depth + 1);
        text.Append(' ', depth * 2).Append("}\n");
    }

    private static string Scalar(ElementShape element, object value) => value switch
    {
        string written => TextEscapes.Encode(written),
        bool truth => truth ? "true" : "false",
        Enum => element.NameOf(value),
        float or double => Float(value),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Float(object value)
    {
        var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        return double.IsNaN(number) ? "nan" : double.IsInfinity(number) ? (number > 0 ? "inf" : "-inf") : Convert.ToString(value, CultureInfo.InvariantCulture)!;
    }
}
