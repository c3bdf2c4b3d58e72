using Granary.Serving.Json;
using Granary.Torch;

namespace Granary.Serving.Values;

/// <summary>A protocol's own JSON form of values, which may stand wherever a plain one may.</summary>
public interface IMarkedValues
{
    /// <summary>Reads a value when it has the protocol's form.</summary>
    /// <param name="reader">Stands before a value that is an object; behind it after a value was read, else where it was.</param>
    /// <param name="type">What the model expects here; null when nobody knows.</param>
    /// <param name="dtype">What the model's definition says of tensors here; null for nothing.</param>
    /// <returns>Null when the object is a plain one.</returns>
    Value? TryRead(scoped ref ValueReader reader, ScriptType? type, DType? dtype);

    /// <summary>Whether an object has the protocol's form, whatever is expected of it.</summary>
    bool IsMarked(JsonCursor cursor);

    /// <summary>Whether a list is that of the arguments although the method has only one, which could be a list itself.</summary>
    /// <param name="cursor">Stands before the list.</param>
    /// <param name="type">Of the argument.</param>
    bool IsListOfArguments(JsonCursor cursor, ScriptType type);
}
