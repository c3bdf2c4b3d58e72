using Granary.Serving;
using Granary.Serving.Formats.Triton.Config;
using Granary.Serving.Formats.Triton.Naming;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Api.OpenInference.Http;

/// <summary>
/// Reads one entry of <c>inputs</c>. Where name, shape and datatype come before the data, as clients send them, the numbers are
/// read in one pass; otherwise the reader comes back to them. Binary data is only noted: it follows the JSON text.
/// </summary>
internal ref struct InferInputReader
{
    private string? _name;
    private DataType? _datatype;
    private long[]? _shape;
    private int _data;
    private Value? _value;

    /// <summary>Bytes behind the JSON text that belong to this input; null when the data is in the text.</summary>
    public long? BinaryBytes { get; private set; }

    /// <summary>The input's name.</summary>
    public readonly string Name => _name ?? throw V2Errors.Invalid("an input has no 'name'");

    /// <summary>The input's datatype.</summary>
    public readonly DataType Datatype => _datatype ?? throw V2Errors.Invalid($"input '{Name}' has no 'datatype'");

    /// <summary>The input's shape.</summary>
    public readonly long[] Shape => _shape ?? throw V2Errors.Invalid($"input '{Name}' has no 'shape'");

    /// <summary>Reads the object.</summary>
    /// <returns>The value; null when it is in the binary part.</returns>
    public Value? Read(ref JsonCursor cursor)
    {
        try
        {
            cursor.BeginObject();
            while (cursor.NextProperty(out var name))
                ReadProperty(name, ref cursor);
            return Finish(cursor);
        }
        catch
        {
            _value?.Dispose();
            throw;
        }
    }

    private void ReadProperty(JsonString name, ref JsonCursor cursor)
    {
        if (name.Is("name"u8))
        {
            _name = cursor.ReadString();
        }
        else if (name.Is("datatype"u8))
        {
            _datatype = ReadDatatype(ref cursor);
            Discard();
        }
        else if (name.Is("shape"u8))
        {
            _shape = JsonTensorReader.ReadShape(ref cursor);
            Discard();
        }
        else if (name.Is("parameters"u8))
        {
            ReadParameters(ref cursor);
        }
        else if (name.Is("data"u8))
        {
            ReadData(ref cursor);
        }
        else
        {
            cursor.SkipValue();
        }
    }

    private void ReadParameters(ref JsonCursor cursor)
    {
        cursor.BeginObject();
        while (cursor.NextProperty(out var name))
        {
            if (name.Is("binary_data_size"u8))
                BinaryBytes = ReadSize(ref cursor);
            else if (name.Is("shared_memory_region"u8))
                throw new ServingException(ServingError.Unsupported, "shared memory is not supported by this server; send the data as JSON or in binary form");
            else
                cursor.SkipValue();
        }
    }

    private static long ReadSize(ref JsonCursor cursor)
    {
        var size = cursor.ReadInt64();
        return size >= 0 ? size : throw V2Errors.Invalid($"binary_data_size is {size}; it must be 0 or more");
    }

    private void ReadData(ref JsonCursor cursor)
    {
        Discard();
        cursor.PeekKind();
        _data = cursor.Position + 1;
        if (_datatype is not null && _shape is not null)
            _value = Parse(ref cursor);
        else
            cursor.SkipValue();
    }

    private Value? Finish(in JsonCursor cursor)
    {
        if (BinaryBytes is not null && _data > 0)
            throw V2Errors.Invalid($"Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But input '{Name}' set two of them");
        if (BinaryBytes is null && _data == 0 && Shape.AsSpan().Contains(0))
            return Empty();
        if (BinaryBytes is null && _data == 0)
            throw V2Errors.Invalid($"Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But no field is set for input '{Name}'");
        if (BinaryBytes is not null)
            return null;
        if (_value is null)
        {
            var fork = cursor.Fork(_data - 1);
            _value = Parse(ref fork);
        }

        var value = _value;
        _value = null;
        return value;
    }

    private readonly Value Empty() => Datatype == DataType.String
        ? new ListValue([])
        : Tensor.Rent(Datatype.ToDType()!.Value, Shape);

    private readonly Value Parse(ref JsonCursor cursor)
    {
        var datatype = Datatype;
        return datatype == DataType.String
            ? JsonTexts.Read(ref cursor, Tensor.CountElements(Shape), _name ?? "")
            : JsonTensorReader.ReadShaped(ref cursor, datatype.ToDType()!.Value, Shape, NestingRule.AnyDepth);
    }

    private readonly DataType ReadDatatype(ref JsonCursor cursor)
    {
        var text = cursor.ReadString();
        return DataTypes.FromWireName(text) ?? throw V2Errors.Invalid($"invalid datatype '{text}' for input '{_name}'");
    }

    // What a repeated property changes is read again: the last one counts.
    private void Discard()
    {
        _value?.Dispose();
        _value = null;
    }
}
