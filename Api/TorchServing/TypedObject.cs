using Granary.Serving;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.TorchServing;

/// <summary>
/// The properties of one object as <c>{"type", "shape", "data_type", "value"}</c>. Where <c>type</c> comes first, as everybody writes it,
/// the elements of a tensor are read on the way; else their place is remembered.
/// </summary>
internal struct TypedObject : IDisposable
{
    private Tensor? _elements;
    private DType _elementType;
    private DType? _tensorType;
    private DType? _scalarType;
    private int _typeAt = -1;
    private int _dataTypeAt = -1;

    /// <summary>What the object is; <see cref="TypedKind.Unknown"/> when it says something else or nothing.</summary>
    public TypedKind Kind { get; private set; }

    /// <summary>Whether there is a property <c>type</c>.</summary>
    public readonly bool HasType => _typeAt >= 0;

    /// <summary>Whether that is a text.</summary>
    public bool TypeIsText { get; private set; }

    /// <summary>Where the value stands; -1 when there is none.</summary>
    public int ValueAt { get; private set; } = -1;

    /// <summary>Whether there is a <c>data_type</c>.</summary>
    public readonly bool HasDataType => _dataTypeAt >= 0;

    /// <summary>Whether that is a text.</summary>
    public bool DataTypeIsText { get; private set; }

    /// <summary>The sizes; null when there are none.</summary>
    public long[]? Shape { get; private set; }

    /// <summary>Reads an object.</summary>
    /// <param name="cursor">Stands before it; afterwards behind it.</param>
    /// <param name="assumed">What it is when it does not say.</param>
    public TypedObject(ref JsonCursor cursor, TypedKind assumed)
    {
        Kind = assumed;
        try
        {
            cursor.BeginObject();
            while (cursor.NextProperty(out var name))
                Read(ref cursor, name, assumed);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What it says that it is.</summary>
    public readonly string TypeText(JsonCursor cursor) => cursor.Fork(_typeAt).ReadString();

    /// <summary>The dtype of a scalar.</summary>
    /// <exception cref="ServingException">There is none, or it is unknown.</exception>
    public readonly DType ScalarType(JsonCursor cursor) => !HasDataType || !DataTypeIsText
        ? throw TypedFault.DataType("Type scalar must specify a `data_type` as a string")
        : _scalarType ?? throw UnknownDataType(cursor);

    /// <summary>The tensor; the caller disposes it.</summary>
    /// <param name="cursor">Any cursor over the same text.</param>
    public Tensor TakeTensor(JsonCursor cursor)
    {
        CheckDataTypeForm();
        if (Shape is null)
            throw TypedFault.Form("Error parsing payload, expected 'shape' to be an array for 'type' of 'tensor'");
        var dtype = HasDataType ? _tensorType : DType.Float32;
        // What has an unknown type is counted before it is refused, as torch-serving does.
        var elements = TakeElements(cursor, dtype ?? DType.Float32);
        var expected = Tensor.CountElements(Shape);
        if (expected != elements.ElementCount)
        {
            elements.Dispose();
            throw TypedFault.Shape($"Dimension mismatch - shape expected {expected} total elements, found {elements.ElementCount} total elements");
        }

        if (dtype is null)
        {
            elements.Dispose();
            throw UnknownDataType(cursor);
        }

        return new Tensor(dtype.Value, Shape, elements.Data, elements);
    }

    /// <summary>Refuses what torch-serving refuses of any object.</summary>
    public readonly void CheckDataTypeForm()
    {
        if (HasDataType && !DataTypeIsText)
            throw TypedFault.Form("If specified, data_type must be a string");
    }

    /// <summary>Gives back elements that nobody took.</summary>
    public void Dispose()
    {
        _elements?.Dispose();
        _elements = null;
    }

    private void Read(ref JsonCursor cursor, JsonString name, TypedKind assumed)
    {
        if (name.Is("type"u8))
            ReadType(ref cursor, assumed);
        else if (name.Is("value"u8))
            ReadValue(ref cursor);
        else if (name.Is("shape"u8))
            Shape = ReadShape(ref cursor);
        else if (name.Is("data_type"u8))
            ReadDataType(ref cursor);
        else
            cursor.SkipValue();
    }

    private void ReadType(ref JsonCursor cursor, TypedKind assumed)
    {
        TypeIsText = cursor.PeekKind() == JsonKind.String;
        _typeAt = cursor.Position;
        if (!TypeIsText)
        {
            cursor.SkipValue();
            return;
        }

        var text = cursor.ReadText();
        Kind = assumed == TypedKind.Unknown ? TypedKinds.Parse(text) : assumed;
    }

    private void ReadDataType(ref JsonCursor cursor)
    {
        DataTypeIsText = cursor.PeekKind() == JsonKind.String;
        _dataTypeAt = cursor.Position;
        (_tensorType, _scalarType) = (null, null);
        if (!DataTypeIsText)
        {
            cursor.SkipValue();
            return;
        }

        var name = cursor.ReadText();
        (_tensorType, _scalarType) = (TypedDataTypes.OfTensor(name), TypedDataTypes.OfScalar(name));
    }

    private void ReadValue(ref JsonCursor cursor)
    {
        Dispose();
        var kind = cursor.PeekKind();
        ValueAt = cursor.Position;
        if (Kind != TypedKind.Tensor || kind != JsonKind.Array)
        {
            cursor.SkipValue();
            return;
        }

        _elementType = _tensorType ?? DType.Float32;
        _elements = JsonTensorReader.ReadNested(ref cursor, _elementType, complexPairs: true);
    }

    private static long[]? ReadShape(ref JsonCursor cursor)
    {
        if (cursor.PeekKind() == JsonKind.Array)
            return JsonTensorReader.ReadShape(ref cursor);
        cursor.SkipValue();
        return null;
    }

    private Tensor TakeElements(JsonCursor cursor, DType dtype)
    {
        if (_elements is { } elements && _elementType == dtype)
        {
            _elements = null;
            return elements;
        }

        Dispose();
        var value = cursor.Fork(ValueAt);
        if (value.PeekKind() != JsonKind.Array)
            throw TypedFault.Form("Error parsing payload, expected 'value' to be an array to be converted to 'type' of 'tensor'");
        return JsonTensorReader.ReadNested(ref value, dtype, complexPairs: true);
    }

    private readonly ServingException UnknownDataType(JsonCursor cursor) =>
        TypedFault.DataType($"Invalid type for Tensor: {cursor.Fork(_dataTypeAt).ReadString()}");
}
