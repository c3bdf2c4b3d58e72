using Granary.Serving.Json;
using Granary.Serving.Values;
using Granary.Torch;

namespace Granary.Api.TorchServing;

/// <summary>
/// Values in torch-serving's form, <c>{"type": "tensor", "shape": [1, 2], "value": [10, 1]}</c>, wherever a plain one may stand. What
/// torch-serving refuses is refused in its words; beyond it come lists, tuples, dictionaries with keys of any type, None and images.
/// Source: lukedeo/torch-serving, <c>src/tensor_io.cpp</c>.
/// </summary>
internal sealed class TypedValues : IMarkedValues
{
    /// <inheritdoc/>
    public Value? TryRead(scoped ref ValueReader reader, ScriptType? type, DType? dtype)
    {
        var start = reader.Cursor;
        var fields = new TypedObject(ref reader.Cursor, TypedKind.Unknown);
        try
        {
            if (!IsTyped(fields, type, start))
            {
                reader.Cursor = start;
                return null;
            }

            fields.CheckDataTypeForm();
            var end = reader.Cursor;
            var value = fields.Kind == TypedKind.Image ? TypedImages.Read(start) : Read(ref reader, ref fields, type, dtype);
            reader.Cursor = end;
            return value;
        }
        finally
        {
            fields.Dispose();
        }
    }

    /// <inheritdoc/>
    public bool IsMarked(JsonCursor cursor) => KindOf(cursor) != TypedKind.Unknown;

    /// <inheritdoc/>
    public bool IsListOfArguments(JsonCursor cursor, ScriptType type)
    {
        // Exactly one value in torch-serving's form: of the argument's own type it is that argument, of another type an item of it.
        cursor.BeginArray();
        if (!cursor.NextItem() || cursor.PeekKind() != JsonKind.Object)
            return false;
        // No need to look for the end of a long tensor: none holds objects.
        if (type.Kind == ScriptTypeKind.Tensor)
            return true;
        var kind = KindOf(cursor);
        cursor.SkipValue();
        return kind != TypedKind.Unknown && !cursor.NextItem() && TypedKinds.Fits(kind, type);
    }

    private static TypedKind KindOf(JsonCursor cursor)
    {
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (name.Is("type"u8) && cursor.PeekKind() == JsonKind.String)
                return TypedKinds.Parse(cursor.ReadText());
            cursor.SkipValue();
        }

        return TypedKind.Unknown;
    }

    // An object that may be a dictionary is one unless it has both properties, a known type, and one that fits.
    private static bool IsTyped(in TypedObject fields, ScriptType? type, JsonCursor cursor)
    {
        var mayBePlain = type is null || type.TakesObject;
        var hasValue = fields.ValueAt >= 0 || fields.Kind is TypedKind.GenericDict or TypedKind.None;
        if (!fields.HasType || !hasValue)
            return mayBePlain ? false : throw TypedFault.Form("Error parsing payload, missing required attributes 'type' and 'value'.");
        if (!fields.TypeIsText)
            return mayBePlain ? false : throw TypedFault.Form("Field `type` must be a string");
        if (fields.Kind == TypedKind.Unknown)
            return mayBePlain ? false : throw TypedFault.Form($"Unsupported type: {fields.TypeText(cursor)}");
        return type is null || !mayBePlain || TypedKinds.Fits(fields.Kind, type);
    }

    private static Value Read(scoped ref ValueReader reader, ref TypedObject fields, ScriptType? type, DType? dtype)
    {
        switch (fields.Kind)
        {
            case TypedKind.Tensor:
                return fields.TakeTensor(reader.Cursor);
            case TypedKind.Scalar:
                return ReadScalar(reader.Cursor.Fork(fields.ValueAt), fields.ScalarType(reader.Cursor));
            case TypedKind.String:
                return ReadString(reader.Cursor.Fork(fields.ValueAt));
            case TypedKind.None:
                return NoneValue.Instance;
            case TypedKind.GenericDict when fields.ValueAt < 0:
                return new DictValue([]);
        }

        reader.Cursor = reader.Cursor.Fork(fields.ValueAt);
        return fields.Kind switch
        {
            TypedKind.TensorList => ReadTensorList(ref reader),
            TypedKind.TensorDict => ReadTensorDict(ref reader, type),
            TypedKind.List or TypedKind.Tuple => ReadItems(ref reader, fields.Kind, type, dtype),
            _ => ReadEntries(ref reader, type, dtype),
        };
    }

    private static ListValue ReadTensorList(scoped ref ValueReader reader)
    {
        if (reader.Cursor.PeekKind() != JsonKind.Array)
            throw TypedFault.Form("Type tensor_list must be an array");
        var items = new List<Value>();
        try
        {
            reader.Cursor.BeginArray();
            while (reader.Cursor.NextItem())
            {
                reader.Enter(items.Count);
                items.Add(ReadTensor(ref reader));
                reader.Leave();
            }

            return new ListValue(items);
        }
        catch
        {
            items.ForEach(static item => item.Dispose());
            throw;
        }
    }

    private static DictValue ReadTensorDict(scoped ref ValueReader reader, ScriptType? type)
    {
        if (reader.Cursor.PeekKind() != JsonKind.Object)
            throw TypedFault.Form("Type tensor_dict must be an object");
        var keys = Find(type, ScriptTypeKind.Dict)?.Parts[0];
        var entries = new List<KeyValuePair<Value, Value>>();
        try
        {
            reader.Cursor.BeginObject();
            while (reader.Cursor.NextProperty(out var name))
            {
                var text = name.ToString();
                var key = keys is null ? new StringValue(text) : reader.ReadKey(keys, text, name.Position);
                reader.Enter(text);
                entries.Add(new(key, ReadTensor(ref reader)));
                reader.Leave();
            }

            return new DictValue(entries);
        }
        catch
        {
            entries.ForEach(static entry => entry.Value.Dispose());
            throw;
        }
    }

    private static Tensor ReadTensor(scoped ref ValueReader reader)
    {
        var fields = new TypedObject(ref reader.Cursor, TypedKind.Tensor);
        try
        {
            return fields.ValueAt >= 0
                ? fields.TakeTensor(reader.Cursor)
                : throw TypedFault.Form("Error parsing payload, missing required attributes 'type' and 'value'.");
        }
        finally
        {
            fields.Dispose();
        }
    }

    private static Value ReadItems(scoped ref ValueReader reader, TypedKind kind, ScriptType? type, DType? dtype)
    {
        if (reader.Cursor.PeekKind() != JsonKind.Array)
            throw TypedFault.Form($"Type {(kind == TypedKind.List ? "list" : "tuple")} must be an array");
        if (type is { Kind: not ScriptTypeKind.Any })
            return reader.ReadPlain(type, dtype);
        var list = (ListValue)reader.ReadPlain(null, dtype);
        return kind == TypedKind.List ? list : new TupleValue(list.Items);
    }

    private static Value ReadEntries(scoped ref ValueReader reader, ScriptType? type, DType? dtype) =>
        reader.Cursor.PeekKind() is JsonKind.Object or JsonKind.Array
            ? reader.ReadPlain(type, dtype)
            : throw TypedFault.Form("Type generic_dict must be an object");

    private static Value ReadScalar(JsonCursor cursor, DType dtype)
    {
        var kind = cursor.PeekKind();
        var isTruth = kind is JsonKind.True or JsonKind.False;
        if (kind != JsonKind.Number && !(isTruth && dtype == DType.Bool) && !(kind == JsonKind.Array && dtype is DType.Complex64 or DType.Complex128))
            throw TypedFault.DataType("Type scalar must be a number");
        switch (dtype)
        {
            case DType.Int64:
                return new IntValue(cursor.ReadInt64());
            case DType.Float64:
                return new DoubleValue(cursor.ReadDouble());
            case DType.Bool:
                return new BoolValue(isTruth ? cursor.ReadBoolean() : cursor.ReadDouble() != 0);
        }

        // The rounding and the range of the type, then the Python number of the same value.
        using var tensor = JsonTensorReader.ReadShaped(ref cursor, dtype, [], NestingRule.Exact);
        return TypedScalars.Of(tensor);
    }

    private static StringValue ReadString(JsonCursor cursor) => cursor.PeekKind() == JsonKind.String
        ? new StringValue(cursor.ReadString())
        : throw TypedFault.Form("Type string must specify a string value");

    private static ScriptType? Find(ScriptType? type, ScriptTypeKind kind) => type?.Kind switch
    {
        ScriptTypeKind.Optional or ScriptTypeKind.Union => type.Parts.Select(part => Find(part, kind)).FirstOrDefault(static found => found is not null),
        { } own when own == kind => type,
        _ => null,
    };
}
