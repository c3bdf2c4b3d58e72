using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.Infernet;

/// <summary>
/// Reads <c>dtype</c>, <c>shape</c> and <c>values</c> of one tensor in whatever order they come. Values are parsed as soon as
/// everything that they depend on is known, else when the object ended. Disposing gives back a tensor that nobody took.
/// </summary>
internal ref struct VectorReader(bool shaped) : IDisposable
{
    private readonly bool _shaped = shaped;
    private DType? _dtype;
    private long[]? _shape;
    private int _valuesPosition = -1;
    private Tensor? _tensor;

    /// <summary>Whether the dtype was a name, a number or absent; it tells the generations apart.</summary>
    public JsonKind DTypeKind { get; private set; } = JsonKind.Null;

    /// <summary>Whether there were values.</summary>
    public readonly bool HasValues => _valuesPosition >= 0;

    /// <summary>Reads the whole object that the cursor stands before.</summary>
    public void ReadObject(ref JsonCursor cursor)
    {
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (!TryRead(name, ref cursor))
                cursor.SkipValue();
        }
    }

    /// <summary>Reads a property when it is one of a vector.</summary>
    /// <returns>False, without having moved the cursor, when it is another one.</returns>
    public bool TryRead(JsonString name, ref JsonCursor cursor)
    {
        if (name.Is("values"u8))
            ReadValues(ref cursor);
        else if (name.Is("dtype"u8))
            ReadDType(ref cursor);
        else if (_shaped && name.Is("shape"u8))
            ReadShape(ref cursor);
        else
            return false;
        return true;
    }

    /// <summary>The tensor, which the caller now owns.</summary>
    /// <param name="cursor">Any position of the same text; not moved.</param>
    /// <param name="what">Where the vector stands in the request, for messages.</param>
    public Tensor Take(in JsonCursor cursor, string what)
    {
        if (!HasValues)
            throw new ServingException(ServingError.InvalidArgument, $"{what} has no 'values'");
        if (_tensor is null)
        {
            var fork = cursor.Fork(_valuesPosition);
            _tensor = Parse(ref fork, what);
        }

        var tensor = _tensor;
        _tensor = null;
        return tensor;
    }

    /// <inheritdoc/>
    public void Dispose() => Discard();

    private void ReadValues(ref JsonCursor cursor)
    {
        Discard();
        cursor.PeekKind();
        _valuesPosition = cursor.Position;
        if (_dtype is not null && (_shape is not null || !_shaped))
            _tensor = Parse(ref cursor, "");
        else
            cursor.SkipValue();
    }

    private void ReadDType(ref JsonCursor cursor)
    {
        Discard();
        DTypeKind = cursor.PeekKind();
        switch (DTypeKind)
        {
            case JsonKind.String:
                _dtype = InfernetDTypes.FromName(cursor.ReadText());
                break;
            case JsonKind.Number when _shaped:
                _dtype = InfernetDTypes.FromNumber(cursor.ReadInt64());
                break;
            case JsonKind.Null:
                _dtype = null;
                cursor.SkipValue();
                break;
            default:
                throw new ServingException(ServingError.InvalidArgument,
                    _shaped ? "dtype is neither a name such as \"double\" nor a number" : "dtype is no name such as \"double\"");
        }
    }

    private void ReadShape(ref JsonCursor cursor)
    {
        Discard();
        _shape = cursor.TryReadNull() ? null : JsonTensorReader.ReadShape(ref cursor);
    }

    private readonly Tensor Parse(ref JsonCursor cursor, string what)
    {
        if (!_shaped)
            return JsonTensorReader.ReadNested(ref cursor, _dtype);
        if (DTypeKind != JsonKind.String)
            return JsonTensorReader.ReadShaped(ref cursor, _dtype ?? InfernetDTypes.Default, _shape, NestingRule.Flat);
        if (_shape is null)
            throw new ServingException(ServingError.InvalidArgument, $"{what} has no 'shape'");
        return JsonTensorReader.ReadShaped(ref cursor, _dtype!.Value, _shape, NestingRule.Exact);
    }

    // What a repeated property changes is read again: the last one counts, as in Python.
    private void Discard()
    {
        _tensor?.Dispose();
        _tensor = null;
    }
}
