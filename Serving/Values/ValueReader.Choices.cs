using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Values;

public ref partial struct ValueReader
{
    // The member that the JSON looks like, else the first that it can be read as: 1 is an int before it is a float or a tensor.
    private Value ReadUnion(ScriptType type, DType? dtype)
    {
        var kind = Cursor.PeekKind();
        var start = Cursor;
        var depth = _depth;
        foreach (var exactly in (ReadOnlySpan<bool>)[true, false])
        {
            foreach (var member in type.Parts)
            {
                if (!LooksLike(kind, member, exactly))
                    continue;
                try
                {
                    return Read(member, dtype);
                }
                catch (ServingException exception) when (exception.Error == ServingError.InvalidArgument)
                {
                    // The text as a whole is checked below: what is no JSON fits no member.
                    Cursor = start;
                    _depth = depth;
                }
            }
        }

        start.SkipValue();
        throw Invalid($"expected {type.Text}, found {JsonCursor.Describe(kind)} that fits none of these");
    }

    private readonly bool LooksLike(JsonKind kind, ScriptType type, bool exactly) => type.Kind switch
    {
        ScriptTypeKind.Any => !exactly,
        ScriptTypeKind.Optional => kind == JsonKind.Null || LooksLike(kind, type.Parts[0], exactly),
        ScriptTypeKind.Union => type.Parts.Any(part => FitsKind(kind, part)),
        ScriptTypeKind.Int => kind == JsonKind.Number && (!exactly || IsWhole(Cursor)),
        ScriptTypeKind.Float or ScriptTypeKind.Number => kind == JsonKind.Number && (!exactly || !IsWhole(Cursor)),
        ScriptTypeKind.Tensor or ScriptTypeKind.Complex => !exactly && FitsKind(kind, type),
        _ => FitsKind(kind, type),
    };

    private static bool FitsKind(JsonKind kind, ScriptType type) => type.Kind switch
    {
        ScriptTypeKind.Int or ScriptTypeKind.Float or ScriptTypeKind.Number => kind == JsonKind.Number,
        ScriptTypeKind.Complex => kind is JsonKind.Number or JsonKind.Array,
        ScriptTypeKind.Tensor => kind is JsonKind.Number or JsonKind.Array or JsonKind.True or JsonKind.False or JsonKind.Object,
        ScriptTypeKind.Bool => kind is JsonKind.True or JsonKind.False,
        ScriptTypeKind.String => kind == JsonKind.String,
        ScriptTypeKind.None => kind == JsonKind.Null,
        ScriptTypeKind.List or ScriptTypeKind.Tuple => kind == JsonKind.Array,
        ScriptTypeKind.NamedTuple => kind is JsonKind.Array or JsonKind.Object,
        ScriptTypeKind.Dict => kind == JsonKind.Object,
        ScriptTypeKind.Optional => kind == JsonKind.Null || FitsKind(kind, type.Parts[0]),
        ScriptTypeKind.Union => type.Parts.Any(part => FitsKind(kind, part)),
        ScriptTypeKind.Any => true,
        _ => false,
    };

    // What Python's json module would make of it.
    private Value ReadAny(DType? dtype)
    {
        switch (Cursor.PeekKind())
        {
            case JsonKind.Object:
                return ReadAnyObject(dtype);
            case JsonKind.Array:
                return ReadList(null, dtype);
            case JsonKind.String:
                return new StringValue(Cursor.ReadString());
            case JsonKind.Number:
                return ReadNumber();
            case JsonKind.Null:
                return ReadNone();
            default:
                return new BoolValue(Cursor.ReadBoolean());
        }
    }

    private DictValue ReadAnyObject(DType? dtype)
    {
        var entries = new List<KeyValuePair<Value, Value>>();
        try
        {
            Cursor.BeginObject();
            while (Cursor.NextProperty(out var name))
            {
                var text = name.ToString();
                entries.Add(new(new StringValue(text), ReadPart(text, null, dtype)));
            }

            return new DictValue(entries);
        }
        catch
        {
            Dispose(entries.Select(static entry => entry.Value));
            throw;
        }
    }
}
