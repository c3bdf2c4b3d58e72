using System.Globalization;
using System.Text;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Values;

public ref partial struct ValueReader
{
    private ListValue ReadList(ScriptType? element, DType? dtype)
    {
        var items = new List<Value>();
        try
        {
            Cursor.BeginArray();
            while (Cursor.NextItem())
                items.Add(ReadItem(items.Count, element, dtype));
            return new ListValue(items);
        }
        catch
        {
            Dispose(items);
            throw;
        }
    }

    private TupleValue ReadTuple(ScriptType type, DType? dtype)
    {
        var items = new List<Value>(type.Parts.Count);
        try
        {
            var start = Cursor.Position;
            Cursor.BeginArray();
            while (Cursor.NextItem())
            {
                if (items.Count == type.Parts.Count)
                    throw Invalid($"{type.Text} has {type.Parts.Count} elements, found more");
                items.Add(ReadItem(items.Count, type.Parts[items.Count], dtype));
            }

            if (items.Count < type.Parts.Count)
                throw InvalidAt(start, $"{type.Text} has {type.Parts.Count} elements, found {items.Count}");
            return new TupleValue(items);
        }
        catch
        {
            Dispose(items);
            throw;
        }
    }

    private TupleValue ReadNamedTuple(ScriptType type, DType? dtype)
    {
        var fields = type.Tuple!.Fields;
        var values = new Value?[fields.Count];
        try
        {
            Cursor.PeekKind();
            var start = Cursor.Position;
            if (Cursor.PeekKind() == JsonKind.Array)
                ReadFieldsInOrder(type, values, dtype);
            else
                ReadFieldsByName(type, values, dtype);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] is null && !fields[i].HasDefault)
                    throw InvalidAt(start, $"{type.Text} needs the field '{fields[i].Name}'");
            }

            // What is left out takes its default where the call is made.
            var given = Enumerable.Range(0, values.Length).Where(i => values[i] is not null).ToArray();
            return new TupleValue([.. given.Select(i => values[i]!)], type.Text, [.. given.Select(i => fields[i].Name)]);
        }
        catch
        {
            Dispose(values);
            throw;
        }
    }

    private void ReadFieldsInOrder(ScriptType type, Value?[] values, DType? dtype)
    {
        Cursor.BeginArray();
        for (var i = 0; Cursor.NextItem(); i++)
        {
            if (i == values.Length)
                throw Invalid($"{type.Text} has {values.Length} fields, found more");
            values[i] = ReadPart(type.Tuple!.Fields[i].Name, type.Parts[i], dtype);
        }
    }

    private void ReadFieldsByName(ScriptType type, Value?[] values, DType? dtype)
    {
        Cursor.BeginObject();
        while (Cursor.NextProperty(out var name))
        {
            var text = name.ToString();
            var i = IndexOf(type.Tuple!.Fields, text);
            if (i < 0)
                throw InvalidAt(name.Position, $"{type.Text} has no field '{text}'; it has {string.Join(", ", type.Tuple.Fields.Select(static field => field.Name))}");
            values[i]?.Dispose();
            values[i] = null;
            values[i] = ReadPart(text, type.Parts[i], dtype);
        }
    }

    private DictValue ReadDict(ScriptType type, DType? dtype)
    {
        var entries = new List<KeyValuePair<Value, Value>>();
        try
        {
            Cursor.BeginObject();
            while (Cursor.NextProperty(out var name))
            {
                var text = name.ToString();
                var key = ReadKey(type.Parts[0], text, name.Position);
                entries.Add(new(key, ReadPart(text, type.Parts[1], dtype ?? _signature.DTypeOfKey(text))));
            }

            return new DictValue(entries);
        }
        catch
        {
            Dispose(entries.Select(static entry => entry.Value));
            throw;
        }
    }

    /// <summary>A dictionary's key from the text that stands for it in JSON: <c>"1"</c>, <c>"0.5"</c>, <c>"true"</c>.</summary>
    /// <param name="type">Type of the keys.</param>
    /// <param name="text">The property's name.</param>
    /// <param name="position">Where it stands, for the error.</param>
    public readonly Value ReadKey(ScriptType type, string text, int position)
    {
        switch (type.Kind)
        {
            case ScriptTypeKind.String or ScriptTypeKind.Any:
                return new StringValue(text);
            case ScriptTypeKind.Int when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole):
                return new IntValue(whole);
            case ScriptTypeKind.Float when TryReadDouble(text, out var number):
                return new DoubleValue(number);
            case ScriptTypeKind.Bool when text is "true" or "True":
                return new BoolValue(true);
            case ScriptTypeKind.Bool when text is "false" or "False":
                return new BoolValue(false);
            default:
                throw InvalidAt(position, type.Kind is ScriptTypeKind.Int or ScriptTypeKind.Float or ScriptTypeKind.Bool
                    ? $"the key \"{text}\" is no {type.Text}"
                    : $"keys of type {type.Text} cannot be given in JSON");
        }
    }

    private static bool TryReadDouble(string text, out double number)
    {
        var position = 0;
        var utf8 = Encoding.UTF8.GetBytes(text);
        return JsonNumber.TryParseDouble(utf8, ref position, out number) && position == utf8.Length;
    }

    private Value ReadItem(int index, ScriptType? type, DType? dtype)
    {
        Enter(index);
        var value = Read(type, dtype);
        Leave();
        return value;
    }

    private Value ReadPart(string name, ScriptType? type, DType? dtype)
    {
        Enter(name);
        var value = Read(type, dtype);
        Leave();
        return value;
    }

    private static int IndexOf(IReadOnlyList<ArgumentSchema> fields, string name)
    {
        for (var i = 0; i < fields.Count; i++)
        {
            if (fields[i].Name == name)
                return i;
        }

        return -1;
    }

    private static ServingException InvalidAt(int position, string problem) =>
        new(ServingError.InvalidArgument, $"invalid value at byte {position}: {problem}");

    private static void Dispose(IEnumerable<Value?> values)
    {
        foreach (var value in values)
            value?.Dispose();
    }
}
