using System.Diagnostics.CodeAnalysis;

namespace Granary.Serving.Json;

/// <summary>Makes the exceptions of the JSON code; out of line, so that the callers' hot loops stay small.</summary>
internal static class JsonErrors
{
    /// <summary>How the message of every text begins that is no JSON.</summary>
    public const string Malformed = "malformed JSON";

    /// <summary>Not JSON at all.</summary>
    [DoesNotReturn]
    public static void ThrowMalformed(int position, string what) =>
        throw new ServingException(ServingError.InvalidArgument, $"{Malformed} at byte {position}: {what}");

    /// <summary>JSON, but not what belongs here.</summary>
    [DoesNotReturn]
    public static void ThrowUnexpected(int position, string what) =>
        throw new ServingException(ServingError.InvalidArgument, $"invalid value at byte {position}: {what}");

    /// <summary>The byte at a position, for a message.</summary>
    public static string Found(ReadOnlySpan<byte> json, int position)
    {
        if ((uint)position >= (uint)json.Length)
            return "the end of the text";
        var found = json[position];
        return found is > 0x20 and < 0x7F ? $"'{(char)found}'" : $"byte 0x{found:X2}";
    }
}
