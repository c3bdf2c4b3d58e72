using System.Text;
using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Values;

/// <summary>
/// Reads plain JSON into the values that a TorchScript method takes, guided by its types: nested lists are tensors where the method
/// wants a tensor and lists where it wants a list. Tensors go straight from the text into pooled memory.
/// <code>
/// var reader = new ValueReader(new JsonCursor(body), signature);
/// var arguments = reader.ReadArguments();   // the caller disposes them
/// reader.End();
/// </code>
/// Errors are a <see cref="ServingException"/> with InvalidArgument that names the place, such as <c>[0].boxes[2]</c>; what is
/// no JSON at all is reported by its byte, as <see cref="JsonCursor"/> does.
/// </summary>
/// <remarks>
/// Types: <c>Tensor</c> from numbers, booleans and nested lists of them (dtype: the definition's, else bool for booleans, else
/// float32); int from whole numbers; float; bool; str; complex from a number or <c>[real, imaginary]</c>; lists and tuples from lists;
/// named tuples from lists or objects, where fields with defaults may be left out; dictionaries from objects, with int, float and bool keys
/// as text; None and Optional from null; the member of a Union that fits best; Any from what the JSON looks like.
/// </remarks>
public ref partial struct ValueReader
{
    private readonly Signature _signature;
    private readonly IMarkedValues? _marked;
    private PathStep[]? _path;
    private int _depth;

    /// <summary>Where in the text the reader stands. A form of <see cref="IMarkedValues"/> reads with it.</summary>
    public JsonCursor Cursor;

    /// <summary>Reads for one method.</summary>
    /// <param name="cursor">Stands before the arguments.</param>
    /// <param name="signature">The method.</param>
    /// <param name="marked">The protocol's own forms of values; null for plain JSON alone.</param>
    public ValueReader(JsonCursor cursor, Signature signature, IMarkedValues? marked = null)
    {
        Cursor = cursor;
        _signature = signature;
        _marked = marked;
    }

    /// <summary>Where the value stands that was read last or could not be read: <c>[0].boxes[2]</c>; empty for the whole text.</summary>
    public readonly string Place
    {
        get
        {
            var text = new StringBuilder();
            for (var i = 0; i < _depth; i++)
                _path![i].Print(text);
            return text.ToString();
        }
    }

    /// <summary>Checks that nothing follows.</summary>
    /// <exception cref="ServingException">Something does.</exception>
    public void End() => Cursor.End();

    /// <summary>Reads one value of a type.</summary>
    /// <param name="type">What is wanted; null reads <see cref="ScriptTypeKind.Any"/>.</param>
    /// <param name="dtype">What tensors are made of; null for bool from booleans and float32 from all else.</param>
    /// <returns>A value that the caller disposes.</returns>
    public Value Read(ScriptType? type, DType? dtype)
    {
        if (_marked is not null && Cursor.PeekKind() == JsonKind.Object && _marked.TryRead(ref this, type, dtype) is { } value)
            return value;
        return ReadPlain(type, dtype);
    }

    /// <summary>As <see cref="Read"/>, but the value itself has no form of its own; what is inside it may.</summary>
    public Value ReadPlain(ScriptType? type, DType? dtype)
    {
        return type?.Kind switch
        {
            ScriptTypeKind.Tensor => ReadTensor(dtype),
            ScriptTypeKind.Int => new IntValue(Cursor.ReadInt64()),
            ScriptTypeKind.Float => new DoubleValue(Cursor.ReadDouble()),
            ScriptTypeKind.Bool => new BoolValue(Cursor.ReadBoolean()),
            ScriptTypeKind.String => new StringValue(Cursor.ReadString()),
            ScriptTypeKind.Complex => ReadComplex(),
            ScriptTypeKind.Number => ReadNumber(),
            ScriptTypeKind.None => ReadNone(),
            ScriptTypeKind.List => ReadList(type.Parts[0], dtype),
            ScriptTypeKind.Tuple => ReadTuple(type, dtype),
            ScriptTypeKind.NamedTuple => ReadNamedTuple(type, dtype),
            ScriptTypeKind.Dict => ReadDict(type, dtype),
            ScriptTypeKind.Optional => Cursor.TryReadNull() ? NoneValue.Instance : Read(type.Parts[0], dtype),
            ScriptTypeKind.Union => ReadUnion(type, dtype),
            ScriptTypeKind.Other => throw Invalid($"a value of type {type.Text} cannot be given from outside"),
            _ => ReadAny(dtype),
        };
    }

    /// <summary>An error about the value at <see cref="Cursor"/>.</summary>
    public readonly ServingException Invalid(string problem) =>
        new(ServingError.InvalidArgument, $"invalid value at byte {Cursor.Position}: {problem}");

    /// <summary>Goes into an item of a list, for <see cref="Place"/>.</summary>
    public void Enter(int index) => Push(new PathStep(null, index));

    /// <summary>Goes into a named part, for <see cref="Place"/>.</summary>
    public void Enter(string name) => Push(new PathStep(name, 0));

    /// <summary>Leaves what was entered last. Not called when reading failed: the place must stay known.</summary>
    public void Leave() => _depth--;

    private void Push(PathStep step)
    {
        _path ??= new PathStep[8];
        if (_depth == _path.Length)
            Array.Resize(ref _path, _depth * 2);
        _path[_depth++] = step;
    }

    private Tensor ReadTensor(DType? dtype)
    {
        var kind = Cursor.PeekKind();
        if (kind is JsonKind.Object or JsonKind.String or JsonKind.Null)
            throw Invalid($"expected a tensor (a number, true, false, or nested lists of them), found {JsonCursor.Describe(kind)}");
        return JsonTensorReader.ReadNested(ref Cursor, dtype ?? (IsOfBooleans(Cursor) ? DType.Bool : DType.Float32));
    }

    // Booleans among numbers are numbers, so a text that starts with one is looked at as a whole. The cursor is a copy.
    private static bool IsOfBooleans(JsonCursor cursor)
    {
        var start = cursor.Position;
        while (cursor.PeekKind() == JsonKind.Array)
        {
            cursor.BeginArray();
            if (!cursor.NextItem())
                return false;
        }

        return cursor.PeekKind() is JsonKind.True or JsonKind.False && DTypeInference.Infer(cursor.Json, start) == DType.Bool;
    }

    private ComplexValue ReadComplex()
    {
        if (Cursor.PeekKind() != JsonKind.Array)
            return new ComplexValue(Cursor.ReadDouble());
        Cursor.BeginArray();
        if (!Cursor.NextItem())
            throw Invalid("expected [real, imaginary], found an empty list");
        var real = Cursor.ReadDouble();
        if (!Cursor.NextItem())
            throw Invalid("expected [real, imaginary], found one number");
        var imaginary = Cursor.ReadDouble();
        if (Cursor.NextItem())
            throw Invalid("expected [real, imaginary], found more numbers");
        return new ComplexValue(new(real, imaginary));
    }

    // As Python reads it: with a point or an exponent it is a float.
    private Value ReadNumber()
    {
        if (Cursor.PeekKind() != JsonKind.Number)
            return new DoubleValue(Cursor.ReadDouble());
        return IsWhole(Cursor) ? new IntValue(Cursor.ReadInt64()) : new DoubleValue(Cursor.ReadDouble());
    }

    private NoneValue ReadNone()
    {
        if (!Cursor.TryReadNull())
            throw Invalid($"expected null, found {JsonCursor.Describe(Cursor.PeekKind())}");
        return NoneValue.Instance;
    }

    private static bool IsWhole(JsonCursor cursor) => cursor.ReadRaw().IndexOfAny(".eENI"u8) < 0;
}
