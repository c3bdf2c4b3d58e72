using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Values;

public ref partial struct ValueReader
{
    /// <summary>
    /// Reads all arguments of the method. A method of one argument takes the value itself; one of several takes a list (by position) or
    /// an object (by name), and what has a default may be left out. A list or an object of arguments also does for one argument
    /// that cannot be a list or an object itself.
    /// </summary>
    /// <returns>Arguments whose values the caller disposes.</returns>
    /// <exception cref="ServingException">InvalidArgument: malformed, or not of the method's types; says where.</exception>
    public Argument[] ReadArguments()
    {
        var arguments = new List<Argument>(_signature.Arguments.Count);
        try
        {
            if (_signature.Arguments is [var only] && !IsNamed(only) && !IsListOfArguments(only.Type))
                return [new Argument(null, Read(only.Type, only.DType))];
            if (Cursor.PeekKind() == JsonKind.Object)
                ReadObject(arguments);
            else if (_signature.Arguments.Count > 0 || !Cursor.TryReadNull())
                ReadPositional(arguments);
            return [.. arguments];
        }
        catch (Exception exception)
        {
            Dispose(arguments.Select(static argument => argument.Value));
            if (exception is ServingException { Error: ServingError.InvalidArgument } && Place is { Length: > 0 } place && !IsMalformed(exception))
                throw new ServingException(ServingError.InvalidArgument, $"{place}: {exception.Message}", exception);
            throw;
        }
    }

    /// <summary>Reads all arguments of a method from a whole text.</summary>
    /// <param name="json">Nothing may follow.</param>
    /// <param name="signature">The method.</param>
    /// <param name="marked">As in the constructor.</param>
    /// <returns>Arguments whose values the caller disposes.</returns>
    /// <exception cref="ServingException">As above.</exception>
    public static Argument[] ReadArguments(ReadOnlySpan<byte> json, Signature signature, IMarkedValues? marked = null)
    {
        var reader = new ValueReader(new JsonCursor(json), signature, marked);
        var arguments = reader.ReadArguments();
        try
        {
            reader.End();
            return arguments;
        }
        catch
        {
            Dispose(arguments.Select(static argument => argument.Value));
            throw;
        }
    }

    private static bool IsMalformed(Exception exception) => exception.Message.StartsWith(JsonErrors.Malformed, StringComparison.Ordinal);

    // {"x": value} for forward(x), where x itself cannot be an object. The cursor is a copy.
    private readonly bool IsNamed(SignatureArgument only)
    {
        var cursor = Cursor;
        if (only.Type.TakesObject || cursor.PeekKind() != JsonKind.Object)
            return false;
        cursor.BeginObject();
        return cursor.NextProperty(out var name) && name.Is(System.Text.Encoding.UTF8.GetBytes(only.Name));
    }

    // [5] for forward(n: int): the value itself cannot be a list.
    private readonly bool IsListOfArguments(ScriptType type)
    {
        var cursor = Cursor;
        return cursor.PeekKind() == JsonKind.Array && (!type.TakesList || (_marked is not null && _marked.IsListOfArguments(cursor, type)));
    }

    // One marked value is the first argument of a method whose other ones have defaults.
    private void ReadObject(List<Argument> arguments)
    {
        var start = Cursor.Position;
        if (_marked is null || !_marked.IsMarked(Cursor) || _signature.Arguments is not [var first, ..] || _marked.TryRead(ref this, first.Type, first.DType) is not { } value)
        {
            ReadNamed(arguments);
            return;
        }

        arguments.Add(new Argument(null, value));
        CheckComplete(start, _signature.Arguments.Skip(1));
    }

    private void ReadPositional(List<Argument> arguments)
    {
        var known = _signature.Arguments;
        Cursor.PeekKind();
        var start = Cursor.Position;
        if (Cursor.PeekKind() != JsonKind.Array)
            throw Invalid($"expected a list of arguments, or an object of them by name, for {_signature}; found {JsonCursor.Describe(Cursor.PeekKind())}");
        Cursor.BeginArray();
        while (Cursor.NextItem())
        {
            var index = arguments.Count;
            if (index == known.Count)
                throw InvalidAt(start, $"too many arguments: {_signature} takes {(known.Count == 0 ? "none" : $"at most {known.Count}")}");
            arguments.Add(new Argument(null, ReadItem(index, known[index].Type, known[index].DType)));
        }

        CheckComplete(start, known.Skip(arguments.Count));
    }

    private void ReadNamed(List<Argument> arguments)
    {
        Cursor.PeekKind();
        var start = Cursor.Position;
        Cursor.BeginObject();
        while (Cursor.NextProperty(out var name))
        {
            var text = name.ToString();
            var index = _signature.IndexOf(text);
            if (index < 0)
                throw InvalidAt(name.Position, $"unknown argument '{text}' for {_signature}");
            var argument = _signature.Arguments[index];
            // The last one counts, as in Python.
            var earlier = arguments.FindIndex(given => given.Name == argument.Name);
            if (earlier >= 0)
            {
                arguments[earlier].Value.Dispose();
                arguments.RemoveAt(earlier);
            }

            arguments.Add(new Argument(argument.Name, ReadPart(text, argument.Type, argument.DType)));
        }

        CheckComplete(start, _signature.Arguments.Where(argument => !arguments.Exists(given => given.Name == argument.Name)));
    }

    private readonly void CheckComplete(int start, IEnumerable<SignatureArgument> left)
    {
        var missing = left.Where(static argument => argument.IsRequired).Select(static argument => $"'{argument.Name}'").ToList();
        if (missing.Count > 0)
            throw InvalidAt(start, $"missing argument{(missing.Count > 1 ? "s" : "")} {string.Join(", ", missing)} for {_signature}");
    }
}
