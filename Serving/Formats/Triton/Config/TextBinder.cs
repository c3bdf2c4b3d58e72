using System.Globalization;
using Granary.Serving.Formats.Triton.TextFormat;

namespace Granary.Serving.Formats.Triton.Config;

/// <summary>Fills records from the tree of a text, with libprotobuf's rules and words.</summary>
internal sealed class TextBinder(string file)
{
    /// <summary>One message.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>, as <c>file:line:column: what</c>.</exception>
    public object Bind(TextMessage text, MessageShape shape)
    {
        var values = new Dictionary<FieldShape, object>();
        foreach (var field in text.Fields)
        {
            var known = shape.Find(field.Name)
                ?? throw Error(field.Position, $"Message type \"{shape.Name}\" has no field named \"{field.Name}\".{shape.Suggest(field.Name)}");
            if (known.Element.Kind != ElementKind.Message && known.Label != FieldLabel.Map && !field.HasColon)
                throw Error(field.Value.Position, $"Expected \":\" after \"{field.Name}\".");
            if (known.Label == FieldLabel.Singular)
                SetOnce(field, known, shape, values);
            else
                AddAll(field, known, values);
        }

        return shape.Create(values);
    }

    private void SetOnce(TextField field, FieldShape known, MessageShape shape, Dictionary<FieldShape, object> values)
    {
        // Without presence a default is as good as nothing, so libprotobuf lets another value follow it.
        if (values.TryGetValue(known, out var before) && !known.IsDefault(before))
            throw Error(field.Position, $"Non-repeated field \"{field.Name}\" is specified multiple times.");
        if (known.OneOf is not null && values.Keys.FirstOrDefault(other => other.OneOf == known.OneOf && other != known) is { } other)
        {
            throw Error(field.Position,
                $"Field \"{field.Name}\" is specified along with field \"{other.Name}\", another member of oneof \"{known.OneOf}\".");
        }

        if (field.Value is TextList list)
            throw Error(list.Position, $"Field \"{field.Name}\" of \"{shape.Name}\" takes one value, not a list.");
        values[known] = BindValue(field.Value, known.Element, field.Name);
    }

    private void AddAll(TextField field, FieldShape known, Dictionary<FieldShape, object> values)
    {
        IReadOnlyList<TextNode> items = field.Value is TextList list ? list.Items : [field.Value];
        if (known.Label == FieldLabel.Map)
        {
            var entries = (List<KeyValuePair<object, object>>)(values.TryGetValue(known, out var before) ? before : values[known] = new List<KeyValuePair<object, object>>());
            entries.AddRange(items.Select(item => BindEntry(item, known)));
            return;
        }

        var target = (List<object>)(values.TryGetValue(known, out var present) ? present : values[known] = new List<object>());
        target.AddRange(items.Select(item => BindValue(item, known.Element, field.Name)));
    }

    private KeyValuePair<object, object> BindEntry(TextNode node, FieldShape map)
    {
        if (node is not TextMessage entry)
            throw Error(node.Position, $"Expected \"{{\": an entry of \"{map.Name}\" is {{ key: … value: … }}.");
        object? key = null;
        object? value = null;
        foreach (var field in entry.Fields)
        {
            if (field.Name is not ("key" or "value"))
                throw Error(field.Position, $"An entry of \"{map.Name}\" has no field named \"{field.Name}\"; it has \"key\" and \"value\".");
            if ((field.Name == "key" ? key : value) is not null)
                throw Error(field.Position, $"Non-repeated field \"{field.Name}\" is specified multiple times.");
            var element = field.Name == "key" ? map.Key! : map.Element;
            if (!field.HasColon && element.Kind != ElementKind.Message)
                throw Error(field.Value.Position, $"Expected \":\" after \"{field.Name}\".");
            var bound = BindValue(field.Value, element, field.Name);
            (key, value) = field.Name == "key" ? (bound, value) : (key, bound);
        }

        return KeyValuePair.Create(key ?? map.Key!.Default!, value ?? map.Element.Default ?? map.Element.Message.Create(new Dictionary<FieldShape, object>()));
    }

    private object BindValue(TextNode node, ElementShape element, string name)
    {
        if (element.Kind == ElementKind.Message)
            return node is TextMessage message ? Bind(message, element.Message) : throw Error(node.Position, $"Expected \"{{\" for field \"{name}\".");
        if (node is not TextScalar scalar)
            throw Error(node.Position, $"Field \"{name}\" is not a message; expected one value.");
        return element.Kind switch
        {
            ElementKind.Text => scalar.Kind == TextTokenKind.String ? scalar.Text : throw Error(scalar.Position, $"Expected string, got: {scalar.Shown}"),
            ElementKind.Bool => BindBool(scalar, name),
            ElementKind.Whole => BindWhole(scalar, element),
            ElementKind.Float => BindFloat(scalar, element),
            _ => BindEnum(scalar, element, name),
        };
    }

    private object BindBool(TextScalar scalar, string name)
    {
        if (scalar.Kind == TextTokenKind.Integer && !scalar.Negative)
        {
            var number = Magnitude(scalar);
            if (number == 0 || number == 1)
                return number == 1;
        }

        return (scalar.Kind, scalar.Text) switch
        {
            (TextTokenKind.Identifier, "true" or "True" or "t") => true,
            (TextTokenKind.Identifier, "false" or "False" or "f") => false,
            _ => throw Error(scalar.Position, $"Invalid value for boolean field \"{name}\". Value: \"{scalar.Shown}\"."),
        };
    }

    private object BindWhole(TextScalar scalar, ElementShape element)
    {
        if (scalar.Kind != TextTokenKind.Integer)
            throw Error(scalar.Position, $"Expected integer, got: {scalar.Shown}");
        var number = scalar.Negative ? -Magnitude(scalar) : Magnitude(scalar);
        return number >= element.Minimum && number <= element.Maximum
            ? element.ToWhole(number)
            : throw Error(scalar.Position, $"Integer out of range ({scalar.Shown}); {element.Minimum} to {element.Maximum} is allowed");
    }

    private object BindFloat(TextScalar scalar, ElementShape element)
    {
        if (scalar.Kind == TextTokenKind.Identifier && TextParser.IsFloatWord(scalar.Text))
        {
            var word = scalar.Text[0] is 'n' or 'N' ? double.NaN : double.PositiveInfinity;
            return element.ToFloat(scalar.Negative ? -word : word);
        }

        var octal = scalar.Kind == TextTokenKind.Integer && scalar.Text.Length > 1 && scalar.Text[0] == '0';
        if (octal || scalar.Kind is not (TextTokenKind.Integer or TextTokenKind.Float))
            throw Error(scalar.Position, $"Expected double, got: {scalar.Shown}");
        var number = double.Parse(scalar.Text.TrimEnd('f', 'F'), NumberStyles.Float, CultureInfo.InvariantCulture);
        return element.ToFloat(scalar.Negative ? -number : number);
    }

    private object BindEnum(TextScalar scalar, ElementShape element, string name)
    {
        var value = scalar.Kind switch
        {
            TextTokenKind.Identifier when !scalar.Negative => element.FindValue(scalar.Text),
            TextTokenKind.Integer => element.FindValue(scalar.Negative ? -Magnitude(scalar) : Magnitude(scalar)),
            _ => throw Error(scalar.Position, $"Expected integer or identifier, got: {scalar.Shown}"),
        };
        return value ?? throw Error(scalar.Position,
            $"Unknown enumeration value of \"{scalar.Shown}\" for field \"{name}\"; expected one of {string.Join(", ", element.Names)}.");
    }

    /// <summary>The number without its sign; more than 64 bits come back as 2^64.</summary>
    private static Int128 Magnitude(TextScalar scalar)
    {
        var isHex = scalar.Text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var radix = isHex ? 16 : scalar.Text[0] == '0' ? 8 : 10;
        var text = scalar.Text.AsSpan(isHex ? 2 : 0);
        Int128 number = 0;
        foreach (var c in text)
        {
            number = (number * radix) + Convert.ToInt32(c.ToString(), 16);
            if (number > ulong.MaxValue)
                return (Int128)ulong.MaxValue + 1;
        }

        return number;
    }

    private ServingException Error(TextPosition position, string message) => TextErrors.At(file, position, message);
}
