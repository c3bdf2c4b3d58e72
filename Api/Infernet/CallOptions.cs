using Granary.Serving;
using Granary.Serving.Json;

namespace Granary.Api.Infernet;

/// <summary>
/// <c>method</c> and <c>deterministic</c>, by which an off-chain request says how the model is called. The original has neither;
/// it always calls <c>forward</c>.
/// </summary>
internal static class CallOptions
{
    private const int MaxMethodLength = 100;

    /// <summary>Reads the name of a method; null means <c>forward</c>. Whether the model has it shows when it is called.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>: no Python name.</exception>
    public static string ReadMethod(ref JsonCursor cursor)
    {
        if (cursor.TryReadNull())
            return InfernetRequest.DefaultMethod;
        if (cursor.PeekKind() != JsonKind.String)
            throw NoMethod();
        var name = cursor.ReadText();
        if (name.Is("forward"u8))
            return InfernetRequest.DefaultMethod;
        return name.Raw.Length is > 0 and <= MaxMethodLength && IsName(name.Raw) ? name.ToString() : throw NoMethod();
    }

    /// <summary>Reads true, false or null.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidArgument"/>.</exception>
    public static bool ReadDeterministic(ref JsonCursor cursor) => cursor.PeekKind() switch
    {
        JsonKind.Null => !cursor.TryReadNull(),
        JsonKind.True or JsonKind.False => cursor.ReadBoolean(),
        _ => throw new ServingException(ServingError.InvalidArgument, "deterministic is neither true nor false"),
    };

    private static bool IsName(ReadOnlySpan<byte> name)
    {
        foreach (var character in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)character) && character != (byte)'_')
                return false;
        }

        return !char.IsAsciiDigit((char)name[0]);
    }

    private static ServingException NoMethod() => new(ServingError.InvalidArgument,
        $"method is no name of a method such as \"predict_proba\" (letters, digits and _, at most {MaxMethodLength})");
}
